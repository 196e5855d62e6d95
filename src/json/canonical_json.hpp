#pragma once

#include "json/json.hpp"

namespace holdfast {

/// The one text of a value that signatures are made over: OLPC canonical JSON, as The Update
/// Framework uses it. No spaces; keys sorted by their UTF-8 bytes; in strings only `"` and `\` are
/// escaped, all other characters stand for themselves; numbers are integers only.
///
/// Errors: `invalid` for a number with a fraction or exponent, or beyond 64 bits.
Result<std::string> to_canonical_text(const Json& value);

} // namespace holdfast
