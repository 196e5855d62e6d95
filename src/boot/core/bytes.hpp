#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::boot {

/// The little-endian number at `offset`. Precondition: it lies within `bytes`.
template <std::unsigned_integral T>
constexpr T load(std::span<const std::byte> bytes, std::size_t offset)
{
    std::uint64_t number = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        number = number << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
    }
    return static_cast<T>(number);
}

/// Stores the number at `offset`, little-endian. Precondition: it fits into `bytes`.
template <std::unsigned_integral T>
constexpr void store(std::span<std::byte> bytes, std::size_t offset, T number)
{
    std::uint64_t rest = number;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[offset + i] = static_cast<std::byte>(rest & 0xff);
        rest >>= 8;
    }
}

} // namespace holdfast::boot
