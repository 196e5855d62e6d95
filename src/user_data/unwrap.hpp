#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace holdfast::user_data {

/// The text inside base64 and gzip (RFC 1952), whichever is there. Errors: `invalid` for a damaged
/// wrapping, `too_large` when more than `limit` bytes come out.
Result<std::string> unwrap(std::string_view bytes, std::size_t limit);

} // namespace holdfast::user_data
