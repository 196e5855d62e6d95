#pragma once

#include "io/block_device.hpp"
#include "update/blocks/block_map.hpp"

#include <optional>

namespace holdfast::update {

/// A partition of the active set, that blocks may be copied from. Where a block may be found is a
/// hint only: who reads it hashes it.
///
/// The partition is looked at in windows of `window` blocks, so that the index has a bound.
class LocalBlocks {
public:
    /// The active ROOT. Known by its HASH partition where that has the same salt, which reads 1 %
    /// of it; by hashing where the salt is another; nothing where HASH holds no tree of ours. The
    /// devices must outlive the answer.
    static LocalBlocks of_root(io::BlockDevice& root, io::BlockDevice& hash,
                               std::span<const std::byte> salt, std::uint32_t window);
    /// The active BOOT, as far as the PE image in it goes; nothing where there is none. The device
    /// must outlive the answer.
    static LocalBlocks of_boot(io::BlockDevice& boot, std::span<const std::byte> salt,
                               std::uint32_t window);

    /// Goes to the next window, the first one at first; `false` when there is none. What cannot be
    /// read is left out.
    bool next_window();
    /// Reads the lowest block of the window with this key; `false` where there is none, or where it
    /// cannot be read.
    bool read(BlockKey key, std::span<std::byte> block) const;

private:
    struct Entry {
        BlockKey key;
        std::uint32_t block;
        auto operator<=>(const Entry&) const = default;
    };

    LocalBlocks(io::BlockDevice& device, std::uint64_t blocks, std::span<const std::byte> salt,
                std::uint32_t window);

    std::optional<BlockKey> key_of_block(std::uint32_t block);

    io::BlockDevice* device_;
    std::uint32_t blocks_;
    crypto::SaltedSha256 salted_;
    std::uint32_t window_;
    std::optional<BlockMap> leaves_ = {}; ///< Spares the hashing.
    std::uint32_t next_ = 0;              ///< The first block behind the window.
    std::vector<Entry> index_ = {};
};

} // namespace holdfast::update
