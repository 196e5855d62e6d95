#pragma once

#include "base/error.hpp"

#include <string>
#include <vector>

namespace holdfast::tool {

/// Runs a program on this terminal, so that its output is seen as it comes. Its exit status.
Result<int> run_here(const std::vector<std::string>& arguments);

/// Compiles a target ("all", a program) of a preset ("dev", "fuzz"). The compiler's exit status.
Result<int> compile(const std::string& preset, const std::string& target);

} // namespace holdfast::tool
