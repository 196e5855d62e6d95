#pragma once

#include "io/block_device.hpp"
#include "update/blocks/verity.hpp"
#include "update/source/transfer.hpp"

namespace holdfast::update {

/// What is known about the blocks of a release before the first one is written.
struct ReleaseMap {
    VeritySuperblock verity = {};
    BlockMap root = {};
    std::optional<BlockMap> boot = {};      ///< Only a block list knows it.
    std::vector<std::byte> hash_image = {}; ///< The hash payload, unless it is yet to be built.
    std::optional<Error> list_problem = {}; ///< Why the block list was of no use, where it was not.
};

/// Gets the block list, or else the hash payload: out of the inactive HASH partition, where an
/// interrupted update left it, or from the server. A list that cannot be had is no failure, only
/// more to fetch. Changes nothing. Errors: `corrupt` when the parts of the release don't fit
/// together; those of `Transfer::fetch_small`.
Result<ReleaseMap> load_release_map(Transfer& transfer, const Release& release,
                                    io::BlockDevice& inactive_hash);

} // namespace holdfast::update
