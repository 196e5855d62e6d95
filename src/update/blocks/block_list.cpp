#include "update/blocks/block_list.hpp"

#include "boot/core/bytes.hpp"

#include <algorithm>

namespace holdfast::update {

using boot::load;
using boot::store;

namespace {

constexpr std::string_view magic = "HFBLOCKS";
constexpr std::size_t list_version_at = 8;
constexpr std::size_t block_size_at = 12;
constexpr std::size_t boot_bytes_at = 16;
constexpr std::size_t superblock_at = 24;
constexpr std::size_t keys_at = BlockListHead::encoded_bytes;
static_assert(keys_at == superblock_at + VeritySuperblock::encoded_bytes);
/// No list says more, so that numbers made of it cannot overflow.
constexpr std::uint64_t most_boot_bytes = std::uint64_t{1} << 40;

void append_key(std::vector<std::byte>& file, BlockKey key)
{
    for (std::size_t byte = key_bytes; byte-- > 0;) {
        file.push_back(static_cast<std::byte>(key >> (8 * byte) & 0xffU));
    }
}

Result<void> append_boot(std::vector<std::byte>& file, io::BlockDevice& boot,
                         std::span<const std::byte> salt)
{
    crypto::SaltedSha256 salted(salt);
    for (std::uint64_t at = 0; at < boot.size(); at += block_bytes) {
        std::array<std::byte, block_bytes> block{};
        const auto length = std::min(block_bytes, boot.size() - at);
        TRY(boot.read(at, std::span(block).first(length)));
        append_key(file, key_of(salted.digest(block)));
    }
    return {};
}

Result<void> append_root(std::vector<std::byte>& file, BlockMap& leaves)
{
    for (std::uint32_t block = 0; block < leaves.count(); ++block) {
        TRY_ASSIGN(const auto key, leaves.key(block));
        append_key(file, key);
    }
    return {};
}

} // namespace

std::uint64_t block_list_bytes(std::uint64_t boot_bytes, std::uint64_t data_blocks)
{
    return keys_at + (blocks_for(boot_bytes) + data_blocks) * key_bytes;
}

Result<BlockListHead> parse_block_list_head(std::span<const std::byte> head,
                                            std::uint64_t file_bytes)
{
    if (head.size() < keys_at ||
        !std::ranges::equal(head.first(magic.size()), std::as_bytes(std::span(magic)))) {
        return fail(Errc::corrupt, "not a block list");
    }
    if (load<std::uint32_t>(head, list_version_at) != 1 ||
        load<std::uint32_t>(head, block_size_at) != block_bytes) {
        return fail(Errc::unsupported, "a block list must be of version 1 with blocks of 4096");
    }
    BlockListHead list{.boot_bytes = load<std::uint64_t>(head, boot_bytes_at)};
    TRY_ASSIGN(list.verity, parse_verity_superblock(head.subspan(superblock_at)));
    if (list.boot_bytes == 0 || list.boot_bytes > most_boot_bytes ||
        file_bytes != block_list_bytes(list.boot_bytes, list.verity.data_blocks)) {
        return fail(Errc::corrupt,
                    "the block list has {} bytes for {} bytes of boot and {} blocks of root",
                    file_bytes, list.boot_bytes, list.verity.data_blocks);
    }
    return list;
}

Result<BlockList> open_block_list(io::BlockDevice& device, std::uint64_t at,
                                  std::uint64_t file_bytes)
{
    std::array<std::byte, block_bytes> head{};
    TRY(device.read(at, head));
    TRY_ASSIGN(auto parsed, parse_block_list_head(head, file_bytes));
    const auto boot_blocks = static_cast<std::uint32_t>(blocks_for(parsed.boot_bytes));
    const auto root_blocks = static_cast<std::uint32_t>(parsed.verity.data_blocks);
    const auto boot_at = at + keys_at;
    return BlockList{.head = std::move(parsed),
                     .boot = BlockMap(device, boot_at, boot_blocks, BlockMap::Entry::key),
                     .root = BlockMap(device, boot_at + boot_blocks * key_bytes, root_blocks,
                                      BlockMap::Entry::key)};
}

Result<std::vector<std::byte>> make_block_list(io::BlockDevice& boot, io::BlockDevice& hash)
{
    TRY_ASSIGN(auto tree, open_verity_tree(hash));
    std::vector<std::byte> file(keys_at);
    const std::span header(file);
    std::ranges::copy(std::as_bytes(std::span(magic)), header.begin());
    store<std::uint32_t>(header, list_version_at, 1);
    store<std::uint32_t>(header, block_size_at, block_bytes);
    store<std::uint64_t>(header, boot_bytes_at, boot.size());
    std::ranges::copy(encode_verity_superblock(tree.superblock),
                      header.subspan(superblock_at).begin());
    TRY(append_boot(file, boot, tree.superblock.salt).while_("hashing the boot payload"));
    TRY(append_root(file, tree.leaves));
    return file;
}

} // namespace holdfast::update
