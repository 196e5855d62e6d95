#include "update/blocks/verity.hpp"

#include "boot/core/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace holdfast::update {

using boot::load;
using boot::store;

namespace {

// Offsets in the superblock: cryptsetup, lib/verity/verity.c, struct verity_sb.
constexpr std::string_view signature{"verity\0\0", 8};
constexpr std::size_t version_at = 8;
constexpr std::size_t hash_type_at = 12;
constexpr std::size_t uuid_at = 16;
constexpr std::size_t algorithm_at = 32;
constexpr std::size_t algorithm_bytes = 32;
constexpr std::size_t data_block_size_at = 64;
constexpr std::size_t hash_block_size_at = 68;
constexpr std::size_t data_blocks_at = 72;
constexpr std::size_t salt_size_at = 80;
constexpr std::size_t salt_at = 88;
constexpr std::size_t most_salt = 256;

constexpr std::string_view algorithm = "sha256";
constexpr std::size_t hash_bytes = 32;
constexpr std::uint64_t hashes_per_block = block_bytes / hash_bytes;

bool holds_text(std::span<const std::byte> field, std::string_view text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return std::ranges::equal(field.first(bytes.size()), bytes) &&
           std::ranges::all_of(field.subspan(bytes.size()),
                               [](std::byte byte) { return byte == std::byte{0}; });
}

/// Blocks of each level, the leaves first, up to the level of one block.
std::vector<std::uint64_t> level_sizes(std::uint64_t data_blocks)
{
    std::vector<std::uint64_t> levels;
    for (auto count = data_blocks; count > 1;) {
        count = (count + hashes_per_block - 1) / hashes_per_block;
        levels.push_back(count);
    }
    return levels;
}

/// Hashes the blocks of one level, `count` from byte `at`, into the level above it.
Result<void> hash_level(io::BlockDevice& device, std::uint64_t at, std::uint64_t count,
                        std::uint64_t above_at, crypto::SaltedSha256& salted)
{
    std::array<std::byte, block_bytes> block{};
    std::array<std::byte, block_bytes> above{};
    for (std::uint64_t number = 0; number < count; ++number) {
        TRY(device.read(at + number * block_bytes, block));
        const auto slot = number % hashes_per_block;
        const auto hash = salted.digest(block);
        std::ranges::copy(hash.bytes(), std::span(above).subspan(slot * hash_bytes).begin());
        if (slot + 1 == hashes_per_block || number + 1 == count) {
            TRY(device.write(above_at + number / hashes_per_block * block_bytes, above));
            above = {};
        }
    }
    return {};
}

} // namespace

Result<VeritySuperblock> parse_verity_superblock(std::span<const std::byte> bytes)
{
    if (bytes.size() < VeritySuperblock::encoded_bytes ||
        !holds_text(bytes.first(signature.size()), signature)) {
        return fail(Errc::corrupt, "not a hash image of dm-verity");
    }
    if (load<std::uint32_t>(bytes, version_at) != 1 ||
        load<std::uint32_t>(bytes, hash_type_at) != 1 ||
        !holds_text(bytes.subspan(algorithm_at, algorithm_bytes), algorithm) ||
        load<std::uint32_t>(bytes, data_block_size_at) != block_bytes ||
        load<std::uint32_t>(bytes, hash_block_size_at) != block_bytes) {
        return fail(Errc::unsupported,
                    "a hash image must be of version 1, type 1, sha256, with blocks of 4096 bytes");
    }
    VeritySuperblock superblock{.data_blocks = load<std::uint64_t>(bytes, data_blocks_at)};
    const auto salt_size = load<std::uint16_t>(bytes, salt_size_at);
    if (salt_size > most_salt || superblock.data_blocks < 2 ||
        superblock.data_blocks > VeritySuperblock::most_data_blocks) {
        return fail(Errc::corrupt, "the hash image says {} data blocks and {} bytes of salt",
                    superblock.data_blocks, salt_size);
    }
    std::ranges::copy(bytes.subspan(uuid_at, superblock.uuid.size()), superblock.uuid.begin());
    const auto salt = bytes.subspan(salt_at, salt_size);
    superblock.salt.assign(salt.begin(), salt.end());
    return superblock;
}

std::array<std::byte, VeritySuperblock::encoded_bytes>
encode_verity_superblock(const VeritySuperblock& superblock)
{
    std::array<std::byte, VeritySuperblock::encoded_bytes> bytes{};
    const std::span all(bytes);
    std::memcpy(bytes.data(), signature.data(), signature.size());
    store<std::uint32_t>(all, version_at, 1);
    store<std::uint32_t>(all, hash_type_at, 1);
    std::ranges::copy(superblock.uuid, all.subspan(uuid_at).begin());
    std::memcpy(bytes.data() + algorithm_at, algorithm.data(), algorithm.size());
    store<std::uint32_t>(all, data_block_size_at, block_bytes);
    store<std::uint32_t>(all, hash_block_size_at, block_bytes);
    store<std::uint64_t>(all, data_blocks_at, superblock.data_blocks);
    store<std::uint16_t>(all, salt_size_at, static_cast<std::uint16_t>(superblock.salt.size()));
    std::ranges::copy(superblock.salt, all.subspan(salt_at).begin());
    return bytes;
}

VerityLayout verity_layout(std::uint64_t data_blocks)
{
    std::uint64_t total = 1;
    const auto levels = level_sizes(data_blocks);
    for (const auto blocks : levels) {
        total += blocks;
    }
    return {.leaves_at = (total - levels.front()) * block_bytes,
            .leaves_bytes = data_blocks * hash_bytes,
            .total_bytes = total * block_bytes};
}

Result<VerityTree> open_verity_tree(io::BlockDevice& device)
{
    std::array<std::byte, block_bytes> head{};
    if (device.size() < head.size()) {
        return fail(Errc::corrupt, "not a hash image of dm-verity");
    }
    TRY(device.read(0, head));
    TRY_ASSIGN(auto superblock, parse_verity_superblock(head));
    const auto layout = verity_layout(superblock.data_blocks);
    if (device.size() < layout.total_bytes) {
        return fail(Errc::corrupt, "a hash image over {} blocks has {} bytes, not {}",
                    superblock.data_blocks, layout.total_bytes, device.size());
    }
    const auto count = static_cast<std::uint32_t>(superblock.data_blocks);
    return VerityTree{
        .superblock = std::move(superblock),
        .leaves = BlockMap(device, layout.leaves_at, count, BlockMap::Entry::whole_hash)};
}

Result<crypto::Sha256> check_verity_tree(io::BlockDevice& device)
{
    TRY_ASSIGN(const auto tree, open_verity_tree(device));
    crypto::SaltedSha256 salted(tree.superblock.salt);
    std::array<std::byte, block_bytes> block{};
    const auto levels = level_sizes(tree.superblock.data_blocks);
    auto level_at = verity_layout(tree.superblock.data_blocks).leaves_at;
    for (std::size_t level = 0; level + 1 < levels.size(); ++level) {
        const auto above_at = level_at - levels[level + 1] * block_bytes;
        const auto count = static_cast<std::uint32_t>(levels[level]);
        BlockMap above(device, above_at, count, BlockMap::Entry::whole_hash);
        for (std::uint32_t number = 0; number < count; ++number) {
            TRY(device.read(level_at + number * block_bytes, block));
            TRY_ASSIGN(const bool right, above.accepts(number, salted.digest(block)));
            if (!right) {
                return fail(Errc::corrupt, "block {} is corrupted",
                            level_at / block_bytes + number);
            }
        }
        level_at = above_at;
    }
    TRY(device.read(level_at, block));
    return salted.digest(block);
}

VerityWriter::VerityWriter(io::BlockDevice& device, VeritySuperblock superblock)
    : device_(device), superblock_(std::move(superblock)),
      layout_(verity_layout(superblock_.data_blocks))
{
    check(layout_.total_bytes <= device.size(), "a hash image fits its device");
}

Result<void> VerityWriter::load_leaves(std::uint64_t at)
{
    TRY(store_leaves());
    loaded_at_ = at;
    // A sector that cannot be read may well be written. Should it have held leaves, then the image
    // comes out wrong, which its hash tells.
    if (!device_.read(at, leaves_).has_value()) {
        leaves_ = {};
    }
    return {};
}

Result<void> VerityWriter::store_leaves()
{
    return loaded_at_ == 0 ? Result<void>() : device_.write(loaded_at_, leaves_);
}

Result<void> VerityWriter::set_leaf(std::uint32_t block, const crypto::Sha256& hash)
{
    check(block < superblock_.data_blocks, "a verity tree has a leaf for each block");
    const auto at = layout_.leaves_at + block / hashes_per_block * block_bytes;
    if (at != loaded_at_) {
        TRY(load_leaves(at));
    }
    const auto slot = block % hashes_per_block;
    std::ranges::copy(hash.bytes(), std::span(leaves_).subspan(slot * hash_bytes).begin());
    return {};
}

Result<void> VerityWriter::finish()
{
    // What lay behind the last leaf is not part of the tree.
    const auto end = layout_.leaves_at + layout_.leaves_bytes;
    TRY(load_leaves((end - 1) / block_bytes * block_bytes));
    std::ranges::fill(std::span(leaves_).subspan((end - 1) % block_bytes + 1), std::byte{0});
    TRY(store_leaves());
    crypto::SaltedSha256 salted(superblock_.salt);
    const auto levels = level_sizes(superblock_.data_blocks);
    auto level_at = layout_.leaves_at;
    for (std::size_t level = 0; level + 1 < levels.size(); ++level) {
        const auto above_at = level_at - levels[level + 1] * block_bytes;
        TRY(hash_level(device_, level_at, levels[level], above_at, salted));
        level_at = above_at;
    }
    std::array<std::byte, block_bytes> first{};
    std::ranges::copy(encode_verity_superblock(superblock_), first.begin());
    return device_.write(0, first);
}

} // namespace holdfast::update
