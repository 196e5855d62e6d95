#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>

namespace holdfast::io {

/// Standard input to its end. Errors: `too_large` over `limit` bytes, `io`. Reads the descriptor
/// and not /dev/stdin, which cannot be opened where it is a socket.
Result<std::string> read_standard_input(std::size_t limit = 2U << 20);

/// The same, but not beyond the first line: for who is asked over a socket that stays open. What is
/// sent after the line before it was read comes with it.
Result<std::string> read_line_of_standard_input(std::size_t limit = 2U << 20);

} // namespace holdfast::io
