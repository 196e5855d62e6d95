#include "update/source/fetch_block_list.hpp"

#include "io/block_range.hpp"
#include "update/source/block_assembler.hpp"
#include "update/source/fill_partition.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

/// The end of what nobody may write over, in bytes of the partition.
std::uint64_t end_of_trees(const Release& release, io::BlockDevice& inactive_hash)
{
    const auto present = open_verity_tree(inactive_hash);
    const auto end = present.has_value()
                         ? verity_layout(present->superblock.data_blocks).total_bytes
                         : std::uint64_t{0};
    return std::max(end, release.hash.length);
}

Result<std::uint64_t> find_room(const Release& release, io::BlockDevice& inactive_hash)
{
    const auto room = blocks_for(release.blocks->length) * block_bytes;
    const auto partition = inactive_hash.size() / block_bytes * block_bytes;
    if (room > partition || partition - room < end_of_trees(release, inactive_hash)) {
        return fail(Errc::no_space, "the hash partition has no room for {} bytes more",
                    release.blocks->length);
    }
    return partition - room;
}

/// A file of any other length cannot be the list.
Result<void> check_length(const Release& release)
{
    const auto expected =
        block_list_bytes(release.boot.length, release.root.length / block_bytes);
    if (release.blocks->length != expected) {
        return fail(Errc::corrupt, "the block list of this release has {} bytes, not {}", expected,
                    release.blocks->length);
    }
    return {};
}

/// The partition's error by another code than a server's that does not answer: the update can do
/// without the list, and may need none of these sectors.
template <typename T>
Result<T> of_partition(Result<T> result)
{
    if (!result.has_value() && result.error().code() == Errc::io) {
        return fail(Errc::corrupt, "the hash partition does not keep the block list: {}",
                    result.error().message());
    }
    return result;
}

Result<void> fetch_to(Transfer& transfer, const Payload& payload, io::BlockDevice& part)
{
    BlockAssembler assembler(0, payload.length,
                             [&](std::uint32_t block, std::span<const std::byte> bytes) {
                                 return of_partition(part.write(block * block_bytes, bytes));
                             });
    TRY(transfer.fetch(payload, std::nullopt,
                       [&](std::span<const std::byte> piece) -> Result<void> {
                           TRY(transfer.go_on());
                           return assembler.add(piece);
                       }));
    // A worn sector shows in the flush, or when it is read.
    TRY(of_partition(part.flush()));
    TRY_ASSIGN(const bool holds, of_partition(holds_payload(transfer, payload, part)));
    if (!holds) {
        return fail(Errc::corrupt, "{} is not what the release says", payload.url);
    }
    return {};
}

} // namespace

Result<BlockList> fetch_block_list(Transfer& transfer, const Release& release,
                                   io::BlockDevice& inactive_hash)
{
    if (!release.blocks) {
        return fail(Errc::not_found, "the release has no block list");
    }
    TRY(check_length(release));
    TRY_ASSIGN(const auto at, find_room(release, inactive_hash));
    io::BlockRange part(inactive_hash, at, blocks_for(release.blocks->length) * block_bytes);
    TRY(fetch_to(transfer, *release.blocks, part));
    TRY_ASSIGN(auto list,
               of_partition(open_block_list(inactive_hash, at, release.blocks->length)));
    if (list.head.boot_bytes != release.boot.length ||
        list.head.verity.data_blocks * block_bytes != release.root.length) {
        return fail(Errc::corrupt, "the block list is for {} bytes of boot and {} blocks of root",
                    list.head.boot_bytes, list.head.verity.data_blocks);
    }
    return list;
}

} // namespace holdfast::update
