#pragma once

#include <algorithm>
#include <string_view>

namespace holdfast::settings {

constexpr bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
constexpr bool is_alphanumeric(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c);
}

/// Whether the text is of letters, digits and `others` only (true for the empty text).
constexpr bool consists_of_alphanumerics_and(std::string_view others, std::string_view text)
{
    return std::ranges::all_of(
        text, [&](char c) { return is_alphanumeric(c) || others.find(c) != others.npos; });
}

/// Whether UTF-8 text has a control character (C0, DEL, C1) or one of U+2028 and U+2029, which some
/// readers take for the end of a line.
bool has_control_character(std::string_view text);

} // namespace holdfast::settings
