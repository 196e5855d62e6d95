#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// Splits at every `separator`; "a,,b" has three parts, "" has one empty part.
std::vector<std::string> split(std::string_view text, char separator);
/// Without spaces, tabs, carriage returns and newlines at both ends.
std::string_view trimmed(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);

/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::byte> bytes);
/// Errors: `invalid` for an odd length or a character that is no hexadecimal digit.
Result<std::vector<std::byte>> from_hex(std::string_view text);

/// RFC 4648 §4, standard alphabet with padding.
std::string to_base64(std::string_view bytes);
/// Standard alphabet with canonical padding only. Errors: `invalid`.
Result<std::string> from_base64(std::string_view text);

/// For a part of a URL, or a file's name: all but RFC 3986's unreserved characters, A–Z a–z 0–9 - .
/// _ ~, as %XX; a `/` too.
std::string percent_encoded(std::string_view text);

/// Number of edits (insert, delete, replace) between two words; for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

} // namespace holdfast
