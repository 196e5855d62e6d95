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

/// The leaves of a whole hash image in memory. Only its shape is checked: that the tree is true is
/// for the hash of the whole image to say. Errors: those of the superblock; `corrupt` for another
/// size than the superblock asks for.
Result<BlockMap> verity_leaves(std::span<const std::byte> image);

/// Makes a hash image, byte for byte what `veritysetup format` makes, from the hashes of the
/// blocks. Holds the whole image: 1 % of the data.
class VerityBuilder {
public:
    explicit VerityBuilder(VeritySuperblock superblock);

    /// Precondition: the superblock has this block.
    void set_leaf(std::uint32_t block, const crypto::Sha256& hash);
    /// The image, once every leaf is set. The builder is then used up.
    std::vector<std::byte> finish();

private:
    VeritySuperblock superblock_;
    std::uint64_t leaves_at_ = 0;
    std::vector<std::byte> image_;
};

} // namespace holdfast::update
