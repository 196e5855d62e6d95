#pragma once

#include "base/error.hpp"
#include "io/clock.hpp"

#include <string>
#include <vector>

namespace holdfast::bench {

/// What one run of a program took.
struct Cost {
    double wall_seconds = 0;
    double cpu_seconds = 0;  ///< User and system.
    /// Resident. Never less than what this program has in memory when it starts the other: the kernel
    /// counts that in (wait4(2), exec(2)).
    double peak_megabytes = 0;
};

/// Runs a program to its end, with its output in a file. Errors: `io` when it does not start or does
/// not end with 0.
Result<Cost> cost_of(io::Clock& clock, const std::vector<std::string>& arguments,
                     const std::string& output);

} // namespace holdfast::bench
