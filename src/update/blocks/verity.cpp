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

/// Hashes the blocks of one level into the level above it.
void hash_level(std::span<const std::byte> level, std::span<std::byte> above,
                crypto::SaltedSha256& salted)
{
    for (std::size_t block = 0; block * block_bytes < level.size(); ++block) {
        const auto hash = salted.digest(level.subspan(block * block_bytes, block_bytes));
        std::ranges::copy(hash.bytes(), above.subspan(block * hash_bytes).begin());
    }
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

Result<BlockMap> verity_leaves(std::span<const std::byte> image)
{
    TRY_ASSIGN(const auto superblock, parse_verity_superblock(image));
    const auto layout = verity_layout(superblock.data_blocks);
    if (image.size() != layout.total_bytes) {
        return fail(Errc::corrupt, "a hash image over {} blocks has {} bytes, not {}",
                    superblock.data_blocks, layout.total_bytes, image.size());
    }
    const auto leaves = image.subspan(layout.leaves_at, layout.leaves_bytes);
    return BlockMap({leaves.begin(), leaves.end()}, BlockMap::Entry::whole_hash);
}

VerityBuilder::VerityBuilder(VeritySuperblock superblock) : superblock_(std::move(superblock))
{
    const auto layout = verity_layout(superblock_.data_blocks);
    leaves_at_ = layout.leaves_at;
    image_.resize(layout.total_bytes);
    std::ranges::copy(encode_verity_superblock(superblock_), image_.begin());
}

void VerityBuilder::set_leaf(std::uint32_t block, const crypto::Sha256& hash)
{
    check(block < superblock_.data_blocks, "a verity tree has a leaf for each block");
    const auto at = leaves_at_ + block * hash_bytes;
    std::ranges::copy(hash.bytes(), std::span(image_).subspan(at).begin());
}

std::vector<std::byte> VerityBuilder::finish()
{
    const std::span all(image_);
    crypto::SaltedSha256 salted(superblock_.salt);
    const auto levels = level_sizes(superblock_.data_blocks);
    auto level_at = leaves_at_;
    for (std::size_t level = 0; level + 1 < levels.size(); ++level) {
        const auto above_at = level_at - levels[level + 1] * block_bytes;
        hash_level(all.subspan(level_at, levels[level] * block_bytes), all.subspan(above_at),
                   salted);
        level_at = above_at;
    }
    return std::move(image_);
}

} // namespace holdfast::update
