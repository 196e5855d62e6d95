#pragma once

#include <span>
#include <string>
#include <string_view>

namespace holdfast::image {

/// Whether a path (relative, without leading slash) matches a pattern: `?` and `*` stay within one
/// path segment, `**` crosses slashes. A pattern that matches a folder covers all below it.
bool matches(std::string_view pattern, std::string_view path);
bool matches_any(std::span<const std::string> patterns, std::string_view path);

} // namespace holdfast::image
