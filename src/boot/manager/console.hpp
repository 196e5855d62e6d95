#pragma once

#include "boot/manager/uefi.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::uefi {

/// A line of UTF-16 being put together. What does not fit is cut off.
class Text {
public:
    Text& add(std::string_view ascii);
    Text& add(const char16_t* text);
    Text& add_number(std::uint64_t number, unsigned least_digits = 1);

    /// Ends with a NUL.
    const char16_t* data() const { return units_.data(); }
    /// With its NUL.
    std::size_t bytes() const { return (length_ + 1) * sizeof(char16_t); }

private:
    void add_unit(char16_t unit);

    std::array<char16_t, 256> units_{};
    std::size_t length_ = 0;
};

/// The firmware's console: screen and serial line, as the firmware is set up.
class Console {
public:
    explicit Console(TextOutput* output) : output_(output) {}
    /// Begins with "holdfast: ".
    void print(const Text& line) const;

private:
    TextOutput* output_; ///< Null on a machine without one.
};

} // namespace holdfast::uefi
