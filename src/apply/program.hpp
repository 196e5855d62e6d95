#pragma once

#include "io/posix/run_program.hpp"

namespace holdfast::apply {

/// The program `settings-applier`. Writes its report as JSON to standard output.
Result<int> run_applier(const CommandLine& arguments, io::System& system);

} // namespace holdfast::apply
