#include "update/source/ranges.hpp"

#include "update/blocks/block_map.hpp"

#include <algorithm>

namespace holdfast::update {

std::optional<BlockRange> next_range(const std::vector<bool>& is_in_place, std::uint32_t from,
                                     std::uint32_t most_blocks)
{
    const auto begin = is_in_place.begin();
    const auto first = std::find(begin + from, is_in_place.end(), false);
    if (first == is_in_place.end()) {
        return std::nullopt;
    }
    const auto most = std::min<std::ptrdiff_t>(most_blocks, is_in_place.end() - first);
    const auto end = std::find(first, first + most, true);
    return BlockRange{static_cast<std::uint32_t>(first - begin),
                      static_cast<std::uint32_t>(end - first)};
}

io::ByteRange bytes_of(BlockRange range, std::uint64_t length)
{
    const auto offset = range.first * block_bytes;
    return {offset, std::min(range.count * block_bytes, length - offset)};
}

} // namespace holdfast::update
