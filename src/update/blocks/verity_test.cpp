#include "update/blocks/verity.hpp"

#include "io/testing/fake_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace holdfast::update {
namespace {

std::vector<std::byte> some_bytes(std::size_t count, std::uint32_t seed)
{
    std::vector<std::byte> bytes(count);
    for (auto& byte : bytes) {
        seed = seed * 1664525 + 1013904223;
        byte = static_cast<std::byte>(seed >> 24);
    }
    return bytes;
}

std::vector<std::byte> read_file(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> build(const VeritySuperblock& superblock, std::span<const std::byte> data)
{
    crypto::SaltedSha256 salted(superblock.salt);
    // What lies on the partition before must not show through.
    const auto bytes = verity_layout(superblock.data_blocks).total_bytes;
    io::FakeDisk image(bytes);
    image.set_content(some_bytes(bytes, 9));
    VerityWriter writer(image, superblock);
    for (std::uint32_t block = 0; block < superblock.data_blocks; ++block) {
        const auto hash = salted.digest(data.subspan(block * block_bytes, block_bytes));
        EXPECT_TRUE(writer.set_leaf(block, hash).has_value());
    }
    EXPECT_TRUE(writer.finish().has_value());
    return image.content();
}

VeritySuperblock sample(std::uint64_t blocks = 200)
{
    return {.uuid = {std::byte{7}}, .data_blocks = blocks, .salt = some_bytes(32, 1)};
}

TEST(VeritySuperblock, ComesBackAsItWasWritten)
{
    const auto superblock = sample();
    EXPECT_EQ(*parse_verity_superblock(encode_verity_superblock(superblock)), superblock);
}

TEST(VeritySuperblock, IsRefusedInAnyOtherForm)
{
    struct Case {
        std::size_t offset;
        std::uint8_t value;
        Errc code;
    };
    for (const auto& [offset, value, code] :
         {Case{0, 'w', Errc::corrupt}, Case{6, 1, Errc::corrupt}, Case{8, 2, Errc::unsupported},
          Case{12, 0, Errc::unsupported}, Case{36, '9', Errc::unsupported},
          Case{38, '6', Errc::unsupported}, Case{65, 0x08, Errc::unsupported},
          Case{69, 0x02, Errc::unsupported}, Case{72, 0, Errc::corrupt}, Case{72, 1, Errc::corrupt},
          Case{78, 1, Errc::corrupt}, Case{81, 2, Errc::corrupt}}) {
        auto bytes = encode_verity_superblock(sample());
        bytes[offset] = std::byte{value};
        const auto parsed = parse_verity_superblock(bytes);
        ASSERT_FALSE(parsed.has_value()) << "offset " << offset;
        EXPECT_EQ(parsed.error().code(), code) << "offset " << offset;
    }
    const auto good = encode_verity_superblock(sample());
    EXPECT_FALSE(parse_verity_superblock(std::span(good).first(511)).has_value());
}

TEST(VerityLayout, HasALevelForEachPowerOf128)
{
    struct Case {
        std::uint64_t data_blocks;
        std::uint64_t leaves_at;
        std::uint64_t total;
    };
    for (const auto& [data_blocks, leaves_at, total] :
         {Case{2, 1, 2}, Case{128, 1, 2}, Case{129, 2, 4}, Case{128 * 128, 2, 130},
          Case{128 * 128 + 1, 4, 4 + 129}}) {
        const auto layout = verity_layout(data_blocks);
        EXPECT_EQ(layout.leaves_at, leaves_at * block_bytes) << data_blocks;
        EXPECT_EQ(layout.total_bytes, total * block_bytes) << data_blocks;
        EXPECT_EQ(layout.leaves_bytes, data_blocks * 32) << data_blocks;
    }
}

TEST(VerityTree, TellsTheHashesOfTheBlocksAndNeedsRoomForAllOfThem)
{
    const auto data = some_bytes(200 * block_bytes, 2);
    io::FakeDisk image(0);
    image.set_content(build(sample(), data));
    auto tree = open_verity_tree(image);
    ASSERT_TRUE(tree.has_value());
    EXPECT_EQ(tree->superblock, sample());
    ASSERT_EQ(tree->leaves.count(), 200U);
    crypto::SaltedSha256 salted(sample().salt);
    const auto hash = salted.digest(std::span(data).subspan(150 * block_bytes, block_bytes));
    EXPECT_TRUE(*tree->leaves.accepts(150, hash));
    EXPECT_FALSE(*tree->leaves.accepts(151, hash));
    EXPECT_EQ(*tree->leaves.key(150), key_of(hash));
    auto cut = image.content();
    cut.resize(cut.size() - block_bytes);
    image.set_content(std::move(cut));
    const auto refused = open_verity_tree(image);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Errc::corrupt);
}

TEST(VerityTree, OfManyBlocksIsReadInAnyOrder)
{
    // More leaves than one window of the map holds.
    constexpr std::uint32_t blocks = 5000;
    const auto data = some_bytes(blocks * block_bytes, 4);
    io::FakeDisk image(0);
    image.set_content(build(sample(blocks), data));
    auto tree = open_verity_tree(image);
    ASSERT_TRUE(tree.has_value());
    crypto::SaltedSha256 salted(sample().salt);
    for (const std::uint32_t block : {0U, 2046U, 2047U, 2048U, 4999U, 1U, 4095U}) {
        const auto hash = salted.digest(std::span(data).subspan(block * block_bytes, block_bytes));
        EXPECT_TRUE(*tree->leaves.accepts(block, hash)) << block;
    }
}

TEST(VerityTree, ThatCannotBeReadSaysSo)
{
    io::FakeDisk image(0);
    image.set_content(build(sample(), some_bytes(200 * block_bytes, 2)));
    auto tree = open_verity_tree(image);
    ASSERT_TRUE(tree.has_value());
    image.refuse_reads(8, 1000);
    EXPECT_EQ(tree->leaves.key(0).error().code(), Errc::io);
}

class VeritySetup : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(VeritySetup, MakesTheSameImage)
{
    const auto folder =
        std::filesystem::temp_directory_path() / ("verity_test." + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const auto data = some_bytes(GetParam() * block_bytes, 3);
    std::ofstream(folder / "data", std::ios::binary)
        .write(reinterpret_cast<const char*>(data.data()),
               static_cast<std::streamsize>(data.size()));
    const auto command = "veritysetup format --hash=sha256 --salt=00112233 " +
                         (folder / "data").native() + " " + (folder / "hash").native() +
                         " >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const auto expected = read_file(folder / "hash");
    std::filesystem::remove_all(folder);

    const auto superblock = parse_verity_superblock(expected);
    ASSERT_TRUE(superblock.has_value());
    EXPECT_EQ(superblock->data_blocks, GetParam());
    EXPECT_TRUE(build(*superblock, data) == expected);
}

// One block of leaves, just full; just over; three levels.
INSTANTIATE_TEST_SUITE_P(Blocks, VeritySetup, ::testing::Values(2, 128, 129, 300, 16385));

} // namespace
} // namespace holdfast::update
