#pragma once

#include <string>
#include <string_view>

namespace holdfast::bench {

/// Prints one row of a table: a figure, the most that is allowed, and whether that is kept.
void print_mark(const std::string& what, double figure, std::string_view unit, double mark);

} // namespace holdfast::bench
