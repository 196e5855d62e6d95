#pragma once

#include "update/blocks/block_list.hpp"
#include "update/source/transfer.hpp"

namespace holdfast::update {

/// Fetches the block list of a release to the end of the inactive HASH partition: behind the tree
/// that lies there now, which may still be wanted if this fails, and behind the one that the
/// release brings. Errors: `not_found` when the release has none; `no_space` when the partition has
/// no room for it; `corrupt` when it is not what the release says, or the partition does not keep
/// it; those of `Transfer::fetch`: `io` and `timeout` are the server's only.
Result<BlockList> fetch_block_list(Transfer& transfer, const Release& release,
                                   io::BlockDevice& inactive_hash);

} // namespace holdfast::update
