#pragma once

#include "update/source/local_blocks.hpp"
#include "update/source/transfer.hpp"

namespace holdfast::update {

/// What a partition is to hold, and what is known about it.
struct Filling {
    const Payload& payload;
    io::BlockDevice& target;
    /// What each block hashes to; null when nobody knows before the end.
    BlockMap* map = nullptr;
    std::span<const std::byte> salt = {};
    /// Where blocks may be copied from; may be null.
    LocalBlocks* local = nullptr;
    /// Is told the hash of each block that is in place; its failure is that of the filling.
    using Learn = std::function<Result<void>(std::uint32_t block, const crypto::Sha256& hash)>;
    Learn learn = learn_nothing;

    static Result<void> learn_nothing(std::uint32_t, const crypto::Sha256&) { return {}; }
};

/// Brings a payload into its partition, each block from the cheapest place: it may lie there
/// already, be in the active set, or else comes from the server, by ranges where it gives them.
/// Then reads the partition back and compares with the payload's hash. Where a whole image does not
/// match although each block matched the map, the payload is fetched once more, whole.
///
/// What lies in the partition behind the payload stays as it is: nothing ever reads it (a PE image
/// says its size, so do EROFS and the verity tree), and zeroing would write hundreds of megabytes
/// at each update. Only the last block is filled up with zeros.
///
/// Memory: one bit for each block, besides what the map and `local` take.
///
/// Precondition: the payload fits. On success all is flushed. On failure the partition holds some
/// blocks of the payload, which the next attempt finds. Errors: `corrupt` when the server sends
/// something else than the release says, or the disk does not give back what it took; `conflict`
/// when cancelled; those of `io::HttpClient`; `io`.
Result<void> fill_partition(Transfer& transfer, const Filling& filling);

/// Whether the first `payload.length` bytes of the partition are the payload. Reads them all.
/// Errors: `io`, `conflict`.
Result<bool> holds_payload(Transfer& transfer, const Payload& payload, io::BlockDevice& device);

/// Whether the payload, whose last block is filled up, fits.
bool fits(const Payload& payload, const io::BlockDevice& device);

} // namespace holdfast::update
