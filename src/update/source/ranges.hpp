#pragma once

#include "io/http_client.hpp"

#include <span>
#include <vector>

namespace holdfast::update {

/// Blocks that one request fetches: `count` (at least 1) from `first`.
struct BlockRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    auto operator<=>(const BlockRange&) const = default;
};

/// The requests for these blocks, which are in ascending order: neighbours together, at most
/// `most_blocks` each. A gap is never fetched through: one block is 4096 bytes, the headers of
/// another request on the same connection some 500.
std::vector<BlockRange> plan_ranges(std::span<const std::uint32_t> blocks,
                                    std::uint32_t most_blocks);

/// The bytes of a range in a payload of `length` bytes, whose last block may be short.
/// Precondition: the range begins within the payload.
io::ByteRange bytes_of(BlockRange range, std::uint64_t length);

} // namespace holdfast::update
