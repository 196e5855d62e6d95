#include "update/source/local_blocks.hpp"

#include "boot/core/pe.hpp"
#include "update/blocks/verity.hpp"

#include <algorithm>

namespace holdfast::update {

BlockIndex::BlockIndex(const BlockMap& map)
{
    entries_.reserve(map.count());
    for (std::uint32_t block = 0; block < map.count(); ++block) {
        add(map.key(block), block);
    }
    sort();
}

void BlockIndex::sort()
{
    std::ranges::sort(entries_);
}

std::optional<std::uint32_t> BlockIndex::find(BlockKey key) const
{
    const auto found = std::ranges::lower_bound(entries_, key, {}, &Entry::key);
    if (found == entries_.end() || found->key != key) {
        return std::nullopt;
    }
    return found->block;
}

Result<BlockIndex> index_by_hashing(io::BlockDevice& device, std::uint64_t bytes,
                                    std::span<const std::byte> salt)
{
    // A partial block at the end of the device cannot be a source.
    const auto blocks =
        static_cast<std::uint32_t>(std::min(blocks_for(bytes), device.size() / block_bytes));
    crypto::SaltedSha256 salted(salt);
    std::vector<std::byte> block(block_bytes);
    BlockIndex index;
    for (std::uint32_t number = 0; number < blocks; ++number) {
        TRY(device.read(number * block_bytes, block));
        index.add(key_of(salted.digest(block)), number);
    }
    index.sort();
    return index;
}

namespace {

/// What the HASH partition says about ROOT; nothing where it holds no tree that fits.
Result<std::optional<VeritySuperblock>> read_superblock(io::BlockDevice& root,
                                                        io::BlockDevice& hash)
{
    std::vector<std::byte> block(block_bytes);
    if (hash.size() < block.size()) {
        return std::nullopt;
    }
    TRY(hash.read(0, block));
    auto superblock = parse_verity_superblock(block);
    if (!superblock.has_value() || superblock->data_blocks > root.size() / block_bytes ||
        verity_layout(superblock->data_blocks).total_bytes > hash.size()) {
        return std::nullopt;
    }
    return std::optional(*std::move(superblock));
}

Result<BlockIndex> index_by_tree(io::BlockDevice& hash, std::uint64_t data_blocks)
{
    const auto layout = verity_layout(data_blocks);
    // Devices are read in whole sectors; the leaves fill whole blocks.
    std::vector<std::byte> leaves(blocks_for(layout.leaves_bytes) * block_bytes);
    TRY(hash.read(layout.leaves_at, leaves));
    leaves.resize(layout.leaves_bytes);
    return BlockIndex(BlockMap(std::move(leaves), BlockMap::Entry::whole_hash));
}

} // namespace

Result<BlockIndex> index_root(io::BlockDevice& root, io::BlockDevice& hash,
                              std::span<const std::byte> salt)
{
    TRY_ASSIGN(const auto superblock, read_superblock(root, hash));
    if (!superblock) {
        return BlockIndex();
    }
    if (std::ranges::equal(superblock->salt, salt)) {
        return index_by_tree(hash, superblock->data_blocks);
    }
    return index_by_hashing(root, superblock->data_blocks * block_bytes, salt);
}

Result<BlockIndex> index_boot(io::BlockDevice& boot, std::span<const std::byte> salt)
{
    std::vector<std::byte> head(std::min<std::uint64_t>(boot::pe_head_bytes, boot.size()));
    TRY(boot.read(0, head));
    const auto bytes = boot::pe_image_size(head);
    return bytes.has_value() ? index_by_hashing(boot, *bytes, salt)
                             : Result<BlockIndex>(BlockIndex());
}

} // namespace holdfast::update
