#pragma once

#include "io/block_device.hpp"
#include "update/blocks/block_map.hpp"

#include <optional>

namespace holdfast::update {

/// Where on a partition a block with a given key may be found. A hint only: who reads the block
/// hashes it. 16 bytes of memory for each block.
class BlockIndex {
public:
    BlockIndex() = default;
    /// Of all blocks of the map, at their places.
    explicit BlockIndex(const BlockMap& map);

    void add(BlockKey key, std::uint32_t block) { entries_.push_back({key, block}); }
    /// To be called when all is added, before the first `find`.
    void sort();
    /// The lowest block with this key.
    std::optional<std::uint32_t> find(BlockKey key) const;
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        BlockKey key;
        std::uint32_t block;
        auto operator<=>(const Entry&) const = default;
    };
    std::vector<Entry> entries_;
};

/// A partition that blocks may be copied from.
struct LocalBlocks {
    io::BlockDevice& device;
    BlockIndex index = {};
};

/// The index of a partition by hashing its first `bytes` bytes, for content without a tree and for
/// a tree of another salt. Reads all of it. Errors: `io`.
Result<BlockIndex> index_by_hashing(io::BlockDevice& device, std::uint64_t bytes,
                                    std::span<const std::byte> salt);

/// The index of the active ROOT: from its HASH partition where that has the same salt, which reads
/// 1 % of it; by hashing where the salt is another; empty where HASH holds no tree of ours. Errors:
/// `io`.
Result<BlockIndex> index_root(io::BlockDevice& root, io::BlockDevice& hash,
                              std::span<const std::byte> salt);

/// The index of the active BOOT, as far as the PE image in it goes; empty where there is none.
/// Errors: `io`.
Result<BlockIndex> index_boot(io::BlockDevice& boot, std::span<const std::byte> salt);

} // namespace holdfast::update
