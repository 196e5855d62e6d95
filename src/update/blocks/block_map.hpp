#pragma once

#include "crypto/sha256.hpp"
#include "io/block_device.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::update {

/// The unit of dm-verity, of EROFS, and so of an update.
inline constexpr std::uint64_t block_bytes = 4096;

/// Blocks that this many bytes fill; the last one may be filled in part.
constexpr std::uint64_t blocks_for(std::uint64_t bytes)
{
    return bytes / block_bytes + (bytes % block_bytes != 0 ? 1 : 0);
}

/// What tells blocks apart: the first bytes of their hash, as a number.
using BlockKey = std::uint64_t;
/// So many bytes of a hash make a key. Among the 131,072 blocks of a full ROOT partition two
/// different ones share a key once in 30,000 releases; the hash of the whole image finds that out.
inline constexpr std::size_t key_bytes = 6;

BlockKey key_of(const crypto::Sha256& hash);

/// What each block of an image has to hash to: whole hashes, from a verity tree, or keys, from a
/// block list. The hash is that of dm-verity: SHA-256 of the salt and then the block, of which the
/// last one is filled up with zeros.
///
/// The entries stay on the device that they lie on; 64 KiB of them are in memory, whatever the size
/// of the image. So questions in ascending order are cheap, others cost a read each.
class BlockMap {
public:
    enum class Entry : std::uint8_t { key = key_bytes, whole_hash = 32 };

    /// Of `count` entries, one after the other from byte `at` of the device, which must outlive the
    /// map. Precondition: they lie within the device.
    BlockMap(io::BlockDevice& device, std::uint64_t at, std::uint32_t count, Entry entry);

    std::uint32_t count() const { return count_; }
    /// Errors: `io`. Precondition, as below: `block` is less than `count()`.
    Result<BlockKey> key(std::uint32_t block);
    /// Whether a block with this hash is the right one here, as far as the map can tell. Errors:
    /// `io`.
    Result<bool> accepts(std::uint32_t block, const crypto::Sha256& hash);

private:
    Result<std::span<const std::byte>> entry(std::uint32_t block);
    Result<void> load(std::uint64_t at);

    io::BlockDevice* device_;
    std::uint64_t at_;
    std::uint32_t count_;
    std::size_t entry_bytes_;
    std::vector<std::byte> window_ = {};
    std::uint64_t window_at_ = 0; ///< Byte of the device.
};

} // namespace holdfast::update
