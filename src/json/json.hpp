#pragma once

#include "base/error.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace holdfast {

/// The one JSON type of the project. Objects keep their keys sorted. Include this header, never
/// nlohmann's, and parse only through the functions below: they hold the caps and let no exception
/// out.
using Json = nlohmann::json;

struct JsonLimits {
    std::size_t bytes = 2U << 20;
    int depth = 32;
};

/// Errors: `invalid` with position and cause for malformed text, text that is not UTF-8, an object
/// with a key twice, or nesting over the limit; `too_large` over `bytes`.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

/// Whether the text is UTF-8, so that `to_text` leaves it as it is.
bool is_utf8(std::string_view text);

/// No spaces, keys sorted. Strings that are not UTF-8 get replacement characters, never a throw.
std::string to_text(const Json& value);
/// Two spaces of indentation, keys sorted, no newline at the end.
std::string to_pretty_text(const Json& value);

} // namespace holdfast
