#include "update/source/release_map.hpp"

#include "update/blocks/block_list.hpp"
#include "update/source/fill_partition.hpp"

namespace holdfast::update {

namespace {

/// Both carry one hash for each block; no release needs more memory than this for it.
constexpr std::uint64_t most_list_bytes = 8 << 20;
constexpr std::uint64_t most_hash_bytes = 16 << 20;

Result<void> check_shape(const Release& release, const VeritySuperblock& verity)
{
    const auto root_bytes = verity.data_blocks * block_bytes;
    const auto hash_bytes = verity_layout(verity.data_blocks).total_bytes;
    if (root_bytes != release.root.length || hash_bytes != release.hash.length) {
        return fail(Errc::corrupt,
                    "the release does not fit together: a tree for {} bytes of root in {} bytes, "
                    "but root has {} and hash {}",
                    root_bytes, hash_bytes, release.root.length, release.hash.length);
    }
    return {};
}

Result<ReleaseMap> map_from_list(Transfer& transfer, const Release& release)
{
    TRY_ASSIGN(const auto file, transfer.fetch_small(*release.blocks, most_list_bytes));
    TRY_ASSIGN(auto list, parse_block_list(file));
    TRY(check_shape(release, list.verity));
    if (list.boot_bytes != release.boot.length) {
        return fail(Errc::corrupt, "the block list is for a boot payload of {} bytes, not of {}",
                    list.boot_bytes, release.boot.length);
    }
    return ReleaseMap{.verity = std::move(list.verity),
                      .root = std::move(list.root),
                      .boot = std::move(list.boot),
                      .hash_image = {},
                      .list_problem = {}};
}

Result<std::vector<std::byte>> get_hash_image(Transfer& transfer, const Payload& hash,
                                              io::BlockDevice& inactive_hash)
{
    if (hash.length > most_hash_bytes) {
        return fail(Errc::too_large, "{} has {} bytes, more than the {} that it may have",
                    hash.name, hash.length, most_hash_bytes);
    }
    const auto there = holds_payload(transfer, hash, inactive_hash);
    if (there.has_value() && *there) {
        std::vector<std::byte> image(blocks_for(hash.length) * block_bytes);
        TRY(inactive_hash.read(0, image));
        image.resize(hash.length);
        return image;
    }
    return transfer.fetch_small(hash, most_hash_bytes);
}

Result<ReleaseMap> map_from_tree(Transfer& transfer, const Release& release,
                                 io::BlockDevice& inactive_hash)
{
    ReleaseMap map;
    TRY_ASSIGN(map.hash_image, get_hash_image(transfer, release.hash, inactive_hash));
    TRY_ASSIGN(map.verity, parse_verity_superblock(map.hash_image));
    TRY(check_shape(release, map.verity));
    TRY_ASSIGN(map.root, verity_leaves(map.hash_image));
    return map;
}

} // namespace

Result<ReleaseMap> load_release_map(Transfer& transfer, const Release& release,
                                    io::BlockDevice& inactive_hash)
{
    std::optional<Error> problem;
    if (release.blocks) {
        auto map = map_from_list(transfer, release);
        if (map.has_value()) {
            return map;
        }
        problem = map.error();
        // Who cancels does not want the other way tried.
        TRY(transfer.go_on());
    }
    TRY_ASSIGN(auto map, map_from_tree(transfer, release, inactive_hash)
                             .while_("getting the hash tree of the release"));
    map.list_problem = std::move(problem);
    return map;
}

} // namespace holdfast::update
