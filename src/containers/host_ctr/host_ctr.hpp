#pragma once

#include "io/posix/run_program.hpp"

namespace holdfast::containers {

/// The program host-ctr.
Result<int> host_ctr(const CommandLine& arguments, io::System& system);

} // namespace holdfast::containers
