#pragma once

#include "base/error.hpp"
#include "io/posix/run_program.hpp"

namespace holdfast::api {

/// The program `apiclient`: exit status 0 for success, 1 for failure, 2 for misuse.
Result<int> run_client(const CommandLine& arguments, io::System& system);

} // namespace holdfast::api
