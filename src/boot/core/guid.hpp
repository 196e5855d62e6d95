#pragma once

#include "boot/core/fault.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace holdfast::boot {

/// A GUID in the byte order of disks and firmware: the first three groups of the text form are
/// little-endian, the other two as written (UEFI 2.10 appendix A).
struct Guid {
    std::array<std::byte, 16> bytes{};

    friend bool operator==(const Guid&, const Guid&) = default;
};

/// Reads "6b636168-7420-6568-2070-6c616e657421", in either case. Errors: `bad_text`.
Outcome<Guid> parse_guid(std::string_view text);

/// 36 characters, without a NUL at the end.
using GuidText = std::array<char, 36>;
GuidText lower_case(const Guid& guid);
GuidText upper_case(const Guid& guid);

/// Precondition: `bytes` holds 16 bytes at `offset`.
Guid load_guid(std::span<const std::byte> bytes, std::size_t offset);
void store_guid(std::span<std::byte> bytes, std::size_t offset, const Guid& guid);

namespace guid_detail {

/// For each pair of digits in the text form, the position in the text and the byte it names.
struct Place {
    unsigned char text;
    unsigned char byte;
};
inline constexpr std::array<Place, 16> places{{{0, 3},
                                               {2, 2},
                                               {4, 1},
                                               {6, 0},
                                               {9, 5},
                                               {11, 4},
                                               {14, 7},
                                               {16, 6},
                                               {19, 8},
                                               {21, 9},
                                               {24, 10},
                                               {26, 11},
                                               {28, 12},
                                               {30, 13},
                                               {32, 14},
                                               {34, 15}}};

constexpr int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr bool read(std::string_view text, Guid& guid)
{
    if (text.size() != 36) {
        return false;
    }
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
        if (text[dash] != '-') {
            return false;
        }
    }
    for (const auto place : places) {
        const int high = digit(text[place.text]);
        const int low = digit(text[place.text + 1U]);
        if (high < 0 || low < 0) {
            return false;
        }
        guid.bytes[place.byte] = static_cast<std::byte>(high * 16 + low);
    }
    return true;
}

/// Never defined: calling it is what ends a constant evaluation, where exceptions are off.
void text_is_not_a_guid();

} // namespace guid_detail

/// A GUID written in the source. A malformed one does not compile.
consteval Guid guid_constant(std::string_view text)
{
    Guid guid;
    if (!guid_detail::read(text, guid)) {
        guid_detail::text_is_not_a_guid();
    }
    return guid;
}

} // namespace holdfast::boot
