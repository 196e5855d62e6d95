#include "boot/core/crc32.hpp"

#include <array>

namespace holdfast::boot {

namespace {

constexpr std::array<std::uint32_t, 256> make_remainders()
{
    std::array<std::uint32_t, 256> remainders{};
    for (std::uint32_t byte = 0; byte < remainders.size(); ++byte) {
        std::uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit) {
            remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? 0xedb88320U : 0U);
        }
        remainders[byte] = remainder;
    }
    return remainders;
}

constexpr auto remainders = make_remainders();

} // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before)
{
    std::uint32_t crc = ~before;
    for (const auto byte : bytes) {
        crc = crc >> 8 ^ remainders[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
    }
    return ~crc;
}

} // namespace holdfast::boot
