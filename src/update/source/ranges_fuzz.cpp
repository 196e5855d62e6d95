#include "update/blocks/block_map.hpp"
#include "update/source/block_assembler.hpp"
#include "update/source/ranges.hpp"

#include <algorithm>
#include <cstdlib>

/// The input chooses the missing blocks (one bit each), the bound of a request, and the sizes of
/// the pieces in which a server answers: every missing block must arrive once, and no other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::update;
    if (size < 3 || size > 64) {
        return 0;
    }
    const std::uint32_t most = data[0] % 16 + 1U;
    const std::uint64_t cut = data[1] * 16U;
    std::vector<bool> is_in_place((size - 2) * 8, true);
    std::vector<std::uint32_t> missing;
    for (std::uint32_t bit = 0; bit < (size - 2) * 8; ++bit) {
        if ((data[2 + bit / 8] >> (bit % 8) & 1) != 0) {
            missing.push_back(bit);
            is_in_place[bit] = false;
        }
    }
    const auto length = (size - 2) * 8 * block_bytes - cut;
    std::vector<std::uint32_t> came;
    const std::vector<std::byte> zeros(16 * block_bytes);
    std::uint32_t from = 0;
    while (const auto range = next_range(is_in_place, from, most)) {
        const auto bytes = bytes_of(*range, length);
        from = range->first + range->count;
        if (range->count == 0 || range->count > most || bytes.offset + bytes.length > length) {
            std::abort();
        }
        BlockAssembler assembler(range->first, length, [&](std::uint32_t block, auto content) {
            came.push_back(block);
            if (content.size() != block_bytes) {
                std::abort();
            }
            return holdfast::Result<void>();
        });
        std::uint64_t left = bytes.length;
        for (std::size_t i = 0; left > 0; ++i) {
            const auto piece = std::min<std::uint64_t>(left, data[i % size] * 37U + 1U);
            if (!assembler.add(std::span(zeros).first(piece)).has_value()) {
                std::abort();
            }
            left -= piece;
        }
    }
    if (came != missing) {
        std::abort();
    }
    return 0;
}
