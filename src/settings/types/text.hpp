#pragma once

#include "settings/types/checked_text.hpp"

namespace holdfast::settings {

struct TextRule {
    static constexpr std::string_view name = "text";
    static constexpr std::string_view expected = "text";
    static constexpr std::string_view pattern = "";
    static bool accepts(std::string_view text);
};
/// Any text, also of many lines.
using Text = CheckedText<TextRule>;

struct SingleLineRule {
    static constexpr std::string_view name = "text of one line";
    static constexpr std::string_view expected = "text of one line, without control characters";
    static constexpr std::string_view pattern =
        "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$";
    static bool accepts(std::string_view text);
};
/// Text that stays on its line wherever it is written: no line breaks of any kind, no control
/// characters. May be empty.
using SingleLine = CheckedText<SingleLineRule>;

struct Base64Rule {
    static constexpr std::string_view name = "base64";
    static constexpr std::string_view expected = "base64 (standard alphabet, with padding)";
    static constexpr std::string_view pattern = "^[A-Za-z0-9+/]*={0,2}$";
    static bool accepts(std::string_view text);
};
/// Bytes as base64, kept undecoded. May be empty.
using Base64 = CheckedText<Base64Rule>;

} // namespace holdfast::settings
