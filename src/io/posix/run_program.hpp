#pragma once

#include "io/system.hpp"

#include <string>
#include <vector>

namespace holdfast {

/// argv without the program's name.
using CommandLine = std::vector<std::string>;

using ProgramFunction = Result<int> (*)(const CommandLine&, io::System&);

/// The whole of a `main`: builds the real system, runs the program, prints its error once on
/// standard error, and makes the exit status: what `run` returned, or 1 after an error. Catches
/// what a library might throw as the last resort.
int run_program(int argc, char** argv, ProgramFunction run);

} // namespace holdfast
