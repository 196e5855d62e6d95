#pragma once

#include "base/error.hpp"
#include "io/posix/run_program.hpp"

namespace holdfast::api {

/// The program `apiserver`. Returns when it was told to end.
Result<int> run_server(const CommandLine& arguments, io::System& system);

} // namespace holdfast::api
