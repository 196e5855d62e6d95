#include "update/source/block_assembler.hpp"
#include "update/source/ranges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using ::testing::ElementsAre;

/// All ranges over `blocks` blocks, of which those that are named are missing.
std::vector<BlockRange> all_ranges(std::uint32_t blocks, const std::vector<std::uint32_t>& missing,
                                   std::uint32_t most)
{
    std::vector<bool> is_in_place(blocks, true);
    for (const auto block : missing) {
        is_in_place[block] = false;
    }
    std::vector<BlockRange> ranges;
    std::uint32_t from = 0;
    while (const auto range = next_range(is_in_place, from, most)) {
        ranges.push_back(*range);
        from = range->first + range->count;
    }
    return ranges;
}

TEST(NextRange, JoinsNeighboursOnlyAndKeepsToTheBound)
{
    EXPECT_THAT(all_ranges(0, {}, 4), ElementsAre());
    EXPECT_THAT(all_ranges(9, {}, 4), ElementsAre());
    EXPECT_THAT(all_ranges(9, {7}, 4), ElementsAre(BlockRange{7, 1}));
    EXPECT_THAT(all_ranges(9, {0, 1, 2, 4, 6, 7}, 4),
                ElementsAre(BlockRange{0, 3}, BlockRange{4, 1}, BlockRange{6, 2}));
    EXPECT_THAT(all_ranges(5, {0, 1, 2, 3, 4}, 2),
                ElementsAre(BlockRange{0, 2}, BlockRange{2, 2}, BlockRange{4, 1}));
}

TEST(BytesOf, EndsWithThePayload)
{
    EXPECT_EQ(bytes_of({1, 2}, 100'000), (io::ByteRange{4096, 8192}));
    EXPECT_EQ(bytes_of({1, 2}, 10'000), (io::ByteRange{4096, 5904}));
    EXPECT_EQ(bytes_of({1'048'576, 1}, (std::uint64_t{1} << 32) + 1),
              (io::ByteRange{std::uint64_t{1} << 32, 1}));
}

TEST(BlockAssembler, FillsTheLastBlockWithZerosAndTakesNoMore)
{
    std::vector<std::pair<std::uint32_t, std::byte>> ends;
    BlockAssembler assembler(1, 2 * block_bytes + 10, [&](std::uint32_t block, auto bytes) {
        ends.emplace_back(block, bytes.back());
        return Result<void>();
    });
    const std::vector<std::byte> ones(block_bytes + 10, std::byte{1});
    for (const auto byte : ones) {
        ASSERT_TRUE(assembler.add(std::span(&byte, 1)).has_value());
    }
    EXPECT_THAT(ends, ElementsAre(std::pair(1U, std::byte{1}), std::pair(2U, std::byte{0})));
    EXPECT_FALSE(assembler.add(std::span(ones).first(1)).has_value());
}

} // namespace
} // namespace holdfast::update
