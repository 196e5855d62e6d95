#pragma once

#include "update/blocks/block_map.hpp"

#include <array>

namespace holdfast::update {

/// The first bytes of a hash image, as `veritysetup` of cryptsetup writes them. In the only form
/// that we make and take: version 1, hash type 1, SHA-256, blocks of 4096 bytes.
struct VeritySuperblock {
    static constexpr std::size_t encoded_bytes = 512;
    /// 2 TiB: room for 2³² keys is not what a hash image may ask for.
    static constexpr std::uint64_t most_data_blocks = std::uint64_t{1} << 29;

    std::array<std::byte, 16> uuid{};
    std::uint64_t data_blocks = 0;    ///< 2 … `most_data_blocks`.
    std::vector<std::byte> salt = {}; ///< At most 256 bytes.

    friend bool operator==(const VeritySuperblock&, const VeritySuperblock&) = default;
};

/// Reads the beginning of a hash image. Errors: `corrupt` when it is none; `unsupported` for
/// another form than ours.
Result<VeritySuperblock> parse_verity_superblock(std::span<const std::byte> bytes);
std::array<std::byte, VeritySuperblock::encoded_bytes>
encode_verity_superblock(const VeritySuperblock& superblock);

/// Where things lie in a hash image: the superblock in block 0, then the levels of the tree, the
/// highest (one block) first and the leaves last.
struct VerityLayout {
    std::uint64_t leaves_at = 0;    ///< Bytes from the start of the image.
    std::uint64_t leaves_bytes = 0; ///< 32 for each data block.
    std::uint64_t total_bytes = 0;  ///< Of the whole image.
};
/// Precondition: 2 … `VeritySuperblock::most_data_blocks`.
VerityLayout verity_layout(std::uint64_t data_blocks);

/// A hash image where it lies. Only its shape is checked: that the tree is true is for the hash of
/// the whole image to say.
struct VerityTree {
    VeritySuperblock superblock;
    BlockMap leaves;
};

/// The hash image at the beginning of a device, which must outlive the answer. Errors: those of the
/// superblock; `corrupt` when the device is smaller than the superblock asks for; `io`.
Result<VerityTree> open_verity_tree(io::BlockDevice& device);

/// The root hash of the hash image at the beginning of a device, every block of which has to be what the
/// level above says. Errors: as `open_verity_tree`; `corrupt` where one is not.
Result<crypto::Sha256> check_verity_tree(io::BlockDevice& device);

/// Writes a hash image to the beginning of a device, byte for byte what `veritysetup format` makes,
/// from the hashes of the blocks. One block of it is in memory at a time, so leaves in ascending
/// order are cheap. Nothing is flushed.
class VerityWriter {
public:
    /// Precondition: the device, which must outlive the object, has room for the image.
    VerityWriter(io::BlockDevice& device, VeritySuperblock superblock);

    /// Errors: `io`. Precondition: the superblock has this block.
    Result<void> set_leaf(std::uint32_t block, const crypto::Sha256& hash);
    /// Writes the levels above the leaves and the superblock, once every leaf is set. Errors: `io`.
    Result<void> finish();

private:
    Result<void> load_leaves(std::uint64_t at);
    Result<void> store_leaves();

    io::BlockDevice& device_;
    VeritySuperblock superblock_;
    VerityLayout layout_;
    std::array<std::byte, block_bytes> leaves_{};
    std::uint64_t loaded_at_ = 0; ///< Where `leaves_` belongs; 0, the superblock's, for nowhere.
};

} // namespace holdfast::update
