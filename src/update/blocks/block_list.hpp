#pragma once

#include "io/block_device.hpp"
#include "update/blocks/verity.hpp"

namespace holdfast::update {

/// The block list of a release: a small file, published beside its three payloads, that says what
/// each of their blocks is, so that a machine fetches those alone that it does not have. See
/// docs/decisions/block-list.md.
///
/// The file, numbers little-endian:
///
///     0    8    "HFBLOCKS"
///     8    4    version: 1
///     12   4    bytes of a block: 4096
///     16   8    bytes of the boot payload
///     24   512  superblock of the hash payload, which gives salt and number of ROOT's blocks
///     536       a key (6 bytes) for each block of the boot payload, then for each block of ROOT
struct BlockListHead {
    static constexpr std::size_t encoded_bytes = 24 + VeritySuperblock::encoded_bytes;

    std::uint64_t boot_bytes = 0;
    VeritySuperblock verity = {};
};

/// Reads the beginning of a list that has `file_bytes` bytes in all. Errors: `corrupt` when it is
/// no block list, or not of the size that its numbers ask for; `unsupported` for another version;
/// those of the superblock.
Result<BlockListHead> parse_block_list_head(std::span<const std::byte> head,
                                            std::uint64_t file_bytes);

/// The size of the list for payloads of these sizes.
std::uint64_t block_list_bytes(std::uint64_t boot_bytes, std::uint64_t data_blocks);

/// A block list where it lies.
struct BlockList {
    BlockListHead head;
    BlockMap boot;
    BlockMap root;
};

/// The list of `file_bytes` bytes at byte `at`, a whole sector, of a device that must outlive the
/// answer. Errors: those of the head; `io`. Precondition: it lies within the device.
Result<BlockList> open_block_list(io::BlockDevice& device, std::uint64_t at,
                                  std::uint64_t file_bytes);

/// Makes the block list for a boot payload and a hash payload (as image files, of any size). ROOT's
/// blocks are taken from the tree. Errors: those of reading, and of the superblock.
Result<std::vector<std::byte>> make_block_list(io::BlockDevice& boot, io::BlockDevice& hash);

} // namespace holdfast::update
