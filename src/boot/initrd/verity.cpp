#include "boot/initrd/verity.hpp"

#include <algorithm>

namespace holdfast::initrd {

namespace {

// Offsets in the superblock, which veritysetup writes; every number is little-endian.
constexpr std::size_t version_at = 8;
constexpr std::size_t hash_type_at = 12;
constexpr std::size_t algorithm_at = 32;
constexpr std::size_t algorithm_size = 32;
constexpr std::size_t data_block_size_at = 64;
constexpr std::size_t hash_block_size_at = 68;
constexpr std::size_t data_blocks_at = 72;
constexpr std::size_t salt_size_at = 80;
constexpr std::size_t salt_at = 88;
constexpr std::size_t salt_limit = 256;
constexpr std::size_t superblock_size = 512;

std::uint64_t number(std::span<const std::byte> bytes)
{
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
    }
    return value;
}

bool starts_with(std::span<const std::byte> bytes, std::string_view text)
{
    return bytes.size() >= text.size() &&
           std::ranges::equal(bytes.first(text.size()), text, {},
                              [](std::byte b) { return std::to_integer<unsigned char>(b); },
                              [](char c) { return static_cast<unsigned char>(c); });
}

FixedText<2 * salt_limit> hexadecimal(std::span<const std::byte> bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    FixedText<2 * salt_limit> text;
    for (const auto byte : bytes) {
        const auto value = std::to_integer<unsigned>(byte);
        text.append(digits.substr(value >> 4U, 1)).append(digits.substr(value & 15U, 1));
    }
    return text;
}

} // namespace

Result<void> check_superblock(std::span<const std::byte> block, const BootRequest& request)
{
    using namespace std::string_view_literals;
    if (block.size() < superblock_size || !starts_with(block, "verity\0\0"sv)) {
        return fault("the hash partition holds no verity superblock");
    }
    if (number(block.subspan(version_at, 4)) != 1 || number(block.subspan(hash_type_at, 4)) != 1 ||
        !starts_with(block.subspan(algorithm_at, algorithm_size), "sha256\0"sv) ||
        number(block.subspan(data_block_size_at, 4)) != verity_block_size ||
        number(block.subspan(hash_block_size_at, 4)) != verity_block_size) {
        return fault("the hash partition has a verity format other than 1, sha256, 4096 bytes");
    }
    const auto blocks = number(block.subspan(data_blocks_at, 8));
    if (blocks != request.data_blocks) {
        return fault("the hash partition is for ", blocks, " blocks, the kernel command line says ",
                     request.data_blocks);
    }
    const auto salt_size = number(block.subspan(salt_size_at, 2));
    if (salt_size > salt_limit ||
        hexadecimal(block.subspan(salt_at, static_cast<std::size_t>(salt_size))).view() !=
            request.salt.view()) {
        return fault("the hash partition's salt is not the kernel command line's");
    }
    return {};
}

Result<VerityTable> verity_table(std::string_view root, std::string_view hash,
                                 const BootRequest& request)
{
    VerityTable table;
    table.append("1 ").append(root).append(" ").append(hash);
    table.append(" ").append(std::uint64_t{verity_block_size});
    table.append(" ").append(std::uint64_t{verity_block_size});
    table.append(" ").append(request.data_blocks);
    // The superblock takes hash block 0, so the tree starts at block 1.
    table.append(" 1 sha256 ").append(request.root_hash.view());
    table.append(" ").append(request.salt.empty() ? "-" : request.salt.view());
    // A damaged block panics the kernel, which leaves its last words in the firmware: the set that
    // runs next says why this one was left. `restart_on_corruption` would say nothing, and without
    // either a program would get EIO and limp on. Blocks of zeros are not hashed: their content is
    // known.
    table.append(" 2 panic_on_corruption ignore_zero_blocks");
    if (table.overflowed()) {
        return fault("the verity table is too long");
    }
    return table;
}

std::uint64_t verity_sectors(const BootRequest& request)
{
    return request.data_blocks * (verity_block_size / 512);
}

} // namespace holdfast::initrd
