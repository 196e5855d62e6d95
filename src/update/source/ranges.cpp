#include "update/source/ranges.hpp"

#include "update/blocks/block_map.hpp"

#include <algorithm>

namespace holdfast::update {

std::vector<BlockRange> plan_ranges(std::span<const std::uint32_t> blocks,
                                    std::uint32_t most_blocks)
{
    std::vector<BlockRange> ranges;
    for (const auto block : blocks) {
        const bool continues = !ranges.empty() && ranges.back().count < most_blocks &&
                               ranges.back().first + ranges.back().count == block;
        if (continues) {
            ++ranges.back().count;
        } else {
            ranges.push_back({block, 1});
        }
    }
    return ranges;
}

io::ByteRange bytes_of(BlockRange range, std::uint64_t length)
{
    const auto offset = range.first * block_bytes;
    return {offset, std::min(range.count * block_bytes, length - offset)};
}

} // namespace holdfast::update
