#pragma once

#include "io/posix/run_program.hpp"

namespace holdfast::tool {

/// The program behind ./holdfast: the first argument is the verb. Exit status 2 for misuse.
Result<int> run(const CommandLine& arguments, io::System& system);

} // namespace holdfast::tool
