#pragma once

#include "io/posix/run_program.hpp"

namespace holdfast::apply {

/// The program `settings-applier`. Standard input says in one line which keys changed: a JSON array,
/// or "all"; the report goes to standard output, as JSON. With `--all`, for the boot, nothing is read,
/// what the boot collected is committed first, and the API server gets the report.
Result<int> run_applier(const CommandLine& arguments, io::System& system);

} // namespace holdfast::apply
