#include "update/blocks/block_list.hpp"

#include "boot/core/bytes.hpp"

#include <algorithm>

namespace holdfast::update {

using boot::load;
using boot::store;

namespace {

constexpr std::string_view magic = "HFBLOCKS";
constexpr std::size_t version_at = 8;
constexpr std::size_t block_size_at = 12;
constexpr std::size_t boot_bytes_at = 16;
constexpr std::size_t superblock_at = 24;
constexpr std::size_t keys_at = superblock_at + VeritySuperblock::encoded_bytes;
/// No list says more, so a list never asks for more memory than itself has bytes.
constexpr std::uint64_t most_boot_bytes = std::uint64_t{1} << 40;

void append_key(std::vector<std::byte>& file, std::span<const std::byte> hash)
{
    file.insert(file.end(), hash.begin(), hash.begin() + key_bytes);
}

Result<void> append_boot(std::vector<std::byte>& file, io::BlockDevice& boot,
                         std::span<const std::byte> salt)
{
    crypto::SaltedSha256 salted(salt);
    for (std::uint64_t at = 0; at < boot.size(); at += block_bytes) {
        std::array<std::byte, block_bytes> block{};
        const auto length = std::min(block_bytes, boot.size() - at);
        TRY(boot.read(at, std::span(block).first(length)));
        append_key(file, salted.digest(block).bytes());
    }
    return {};
}

Result<void> append_root(std::vector<std::byte>& file, io::BlockDevice& hash,
                         std::uint64_t data_blocks)
{
    const auto layout = verity_layout(data_blocks);
    if (hash.size() != layout.total_bytes) {
        return fail(Errc::corrupt, "a hash image over {} blocks has {} bytes, not {}", data_blocks,
                    layout.total_bytes, hash.size());
    }
    // Devices are read in whole sectors; the leaves fill whole blocks.
    std::vector<std::byte> leaves(blocks_for(layout.leaves_bytes) * block_bytes);
    TRY(hash.read(layout.leaves_at, leaves));
    leaves.resize(layout.leaves_bytes);
    for (std::size_t at = 0; at < leaves.size(); at += 32) {
        append_key(file, std::span(leaves).subspan(at, 32));
    }
    return {};
}

} // namespace

Result<BlockList> parse_block_list(std::span<const std::byte> file)
{
    if (file.size() < keys_at ||
        !std::ranges::equal(file.first(magic.size()), std::as_bytes(std::span(magic)))) {
        return fail(Errc::corrupt, "not a block list");
    }
    if (load<std::uint32_t>(file, version_at) != 1 ||
        load<std::uint32_t>(file, block_size_at) != block_bytes) {
        return fail(Errc::unsupported, "a block list must be of version 1 with blocks of 4096");
    }
    BlockList list{.boot_bytes = load<std::uint64_t>(file, boot_bytes_at)};
    TRY_ASSIGN(list.verity, parse_verity_superblock(file.subspan(superblock_at)));
    const auto keys = file.subspan(keys_at);
    if (list.boot_bytes == 0 || list.boot_bytes > most_boot_bytes ||
        keys.size() != (blocks_for(list.boot_bytes) + list.verity.data_blocks) * key_bytes) {
        return fail(Errc::corrupt,
                    "the block list has {} bytes of keys for {} bytes of boot and "
                    "{} blocks of root",
                    keys.size(), list.boot_bytes, list.verity.data_blocks);
    }
    const auto boot = keys.first(blocks_for(list.boot_bytes) * key_bytes);
    const auto root = keys.subspan(boot.size());
    list.boot = BlockMap({boot.begin(), boot.end()}, BlockMap::Entry::key);
    list.root = BlockMap({root.begin(), root.end()}, BlockMap::Entry::key);
    return list;
}

Result<std::vector<std::byte>> make_block_list(io::BlockDevice& boot, io::BlockDevice& hash)
{
    std::array<std::byte, VeritySuperblock::encoded_bytes> superblock{};
    TRY(hash.read(0, superblock));
    TRY_ASSIGN(const auto verity, parse_verity_superblock(superblock));
    std::vector<std::byte> file(keys_at);
    const std::span header(file);
    std::ranges::copy(std::as_bytes(std::span(magic)), header.begin());
    store<std::uint32_t>(header, version_at, 1);
    store<std::uint32_t>(header, block_size_at, block_bytes);
    store<std::uint64_t>(header, boot_bytes_at, boot.size());
    std::ranges::copy(superblock, header.subspan(superblock_at).begin());
    TRY(append_boot(file, boot, verity.salt).while_("hashing the boot payload"));
    TRY(append_root(file, hash, verity.data_blocks));
    return file;
}

} // namespace holdfast::update
