#include "boot/initrd/memory_reserve.hpp"

#include <algorithm>

namespace holdfast::initrd {

std::uint64_t memory_reserve(std::uint64_t memory)
{
    constexpr std::uint64_t least = 128;
    constexpr std::uint64_t most = 256 * 1024;
    // The largest number whose square is not above 16 × memory; found by halving, without a heap,
    // a math library or rounding.
    std::uint64_t low = 0;
    std::uint64_t high = most + 1;
    while (high - low > 1) {
        const auto middle = low + (high - low) / 2;
        (middle * middle / 16 <= memory ? low : high) = middle;
    }
    return std::clamp(low, least, most);
}

} // namespace holdfast::initrd
