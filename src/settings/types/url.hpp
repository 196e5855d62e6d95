#pragma once

#include "settings/types/checked_text.hpp"

namespace holdfast::settings {

struct UrlRule {
    static constexpr std::string_view name = "URL";
    static constexpr std::string_view expected = "a URL, or a host with an optional port and path";
    static constexpr std::string_view pattern = "";
    static bool accepts(std::string_view text);
};
/// A URL by the rules of the WHATWG URL standard, or what becomes one with `http://` in front
/// ("example.com/path"). Kept as given. Stricter than the standard in one thing: no control
/// characters, and no blanks at the ends, which a browser would silently drop.
using Url = CheckedText<UrlRule>;

} // namespace holdfast::settings
