#pragma once

#include "base/error.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace holdfast {

/// Reads a date with time as RFC 3339 has it: "2024-01-31T12:00:00Z", "…T14:00:00.25+02:00".
/// Fractions of a second are dropped, a leap second counts as the second before it.
/// Errors: `invalid`.
Result<std::chrono::sys_seconds> parse_utc_time(std::string_view text);

/// "2024-01-31T12:00:00Z". Reads back to the same time for the years 0 to 9999.
std::string utc_text(std::chrono::sys_seconds time);

} // namespace holdfast
