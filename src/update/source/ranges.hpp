#pragma once

#include "io/http_client.hpp"

#include <optional>
#include <vector>

namespace holdfast::update {

/// Blocks that one request fetches: `count` (at least 1) from `first`.
struct BlockRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    auto operator<=>(const BlockRange&) const = default;
};

/// The next request for blocks that are not in place, at or behind block `from`: neighbours
/// together, at most `most_blocks`; nothing when all behind is in place. A gap is never fetched
/// through: one block is 4096 bytes, the headers of another request on the same connection some 500.
std::optional<BlockRange> next_range(const std::vector<bool>& is_in_place, std::uint32_t from,
                                     std::uint32_t most_blocks);

/// The bytes of a range in a payload of `length` bytes, whose last block may be short.
/// Precondition: the range begins within the payload.
io::ByteRange bytes_of(BlockRange range, std::uint64_t length);

} // namespace holdfast::update
