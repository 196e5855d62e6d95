#pragma once

#include "io/system.hpp"

#include <string>
#include <vector>

namespace holdfast::bench {

/// The program `prepare-bench DISK FOLDER URL [TRUSTED METADATA-URL]`; see the README.
Result<int> run_prepare_bench(const std::vector<std::string>& arguments, io::System& system);

} // namespace holdfast::bench
