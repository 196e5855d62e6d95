#include "update/testing/test_release.hpp"

#include "boot/core/bytes.hpp"
#include "io/testing/fake_disk.hpp"
#include "update/blocks/block_list.hpp"

#include <numeric>
#include <random>

namespace holdfast::update {

namespace {

constexpr std::size_t pe_header_at = 0x80;
constexpr std::size_t optional_header_at = pe_header_at + 24;
constexpr std::size_t optional_header_bytes = 112;
constexpr std::size_t bytes_at_the_end = 100;

/// A PE32+ image without sections: everything counts as headers.
std::vector<std::byte> make_boot(const Recipe& recipe)
{
    std::vector<std::byte> image(block_bytes);
    const auto blocks = content_of(recipe.boot);
    image.insert(image.end(), blocks.begin(), blocks.end());
    image.insert(image.end(), bytes_at_the_end, std::byte{0x5a});
    const std::span all(image);
    boot::store<std::uint16_t>(all, 0, 0x5a4d);
    boot::store<std::uint32_t>(all, 60, pe_header_at);
    boot::store<std::uint32_t>(all, pe_header_at, 0x4550);
    boot::store<std::uint16_t>(all, pe_header_at + 20, optional_header_bytes);
    boot::store<std::uint16_t>(all, optional_header_at, 0x20b);
    boot::store<std::uint32_t>(all, optional_header_at + 60,
                               static_cast<std::uint32_t>(image.size()));
    return image;
}

std::vector<std::byte> make_hash(const Recipe& recipe)
{
    const std::vector<std::byte> salt(32, std::byte{recipe.salt});
    io::FakeDisk image(verity_layout(recipe.root.size()).total_bytes);
    VerityWriter writer(image, {.uuid = {}, .data_blocks = recipe.root.size(), .salt = salt});
    crypto::SaltedSha256 salted(salt);
    for (std::uint32_t block = 0; block < recipe.root.size(); ++block) {
        const auto hash = salted.digest(block_content(recipe.root[block]));
        check(writer.set_leaf(block, hash).has_value(), "a fake disk can be written");
    }
    check(writer.finish().has_value(), "a fake disk can be written");
    return image.content();
}

io::FakeDisk as_file(const std::vector<std::byte>& bytes)
{
    io::FakeDisk file(0, 1);
    file.set_content(bytes);
    return file;
}

Payload describe(const Recipe& recipe, std::string_view what, std::span<const std::byte> bytes)
{
    crypto::Sha256Stream hash;
    hash.update(bytes);
    return {.name = std::format("{}-{}", recipe.name, what),
            .url = std::format("http://updates/{}/{}", recipe.name, what),
            .length = bytes.size(),
            .sha256 = hash.finish()};
}

} // namespace

std::vector<std::byte> block_content(std::uint32_t number)
{
    std::vector<std::byte> block(block_bytes);
    if (number != 0) {
        std::minstd_rand random(number);
        for (auto& byte : block) {
            byte = static_cast<std::byte>(random() >> 8U & 0xffU);
        }
    }
    return block;
}

std::vector<std::byte> content_of(const std::vector<std::uint32_t>& numbers)
{
    std::vector<std::byte> content;
    for (const auto number : numbers) {
        const auto block = block_content(number);
        content.insert(content.end(), block.begin(), block.end());
    }
    return content;
}

TestRelease make_release(const Recipe& recipe)
{
    TestRelease made{.release = {},
                     .boot = make_boot(recipe),
                     .root = content_of(recipe.root),
                     .hash = make_hash(recipe)};
    auto boot = as_file(made.boot);
    auto hash = as_file(made.hash);
    made.blocks = *make_block_list(boot, hash);
    made.release = {.boot = describe(recipe, "boot", made.boot),
                    .root = describe(recipe, "root", made.root),
                    .hash = describe(recipe, "hash", made.hash),
                    .blocks = describe(recipe, "blocks", made.blocks)};
    return made;
}

void serve(io::FakeHttpClient& server, const TestRelease& release)
{
    server.files[release.release.boot.url] = release.boot;
    server.files[release.release.root.url] = release.root;
    server.files[release.release.hash.url] = release.hash;
    server.files[release.release.blocks->url] = release.blocks;
}

std::vector<std::uint32_t> numbers(std::uint32_t first, std::uint32_t last)
{
    std::vector<std::uint32_t> list(last - first + 1);
    std::iota(list.begin(), list.end(), first);
    return list;
}

std::vector<std::uint32_t> joined(std::initializer_list<std::vector<std::uint32_t>> lists)
{
    std::vector<std::uint32_t> all;
    for (const auto& list : lists) {
        all.insert(all.end(), list.begin(), list.end());
    }
    return all;
}

} // namespace holdfast::update
