#pragma once

#include "io/system.hpp"

#include <string>
#include <vector>

namespace holdfast::tuf {

/// The program `tuf-client`. Exit status 0 on success, 1 on any failure, misuse included.
Result<int> run_tuf_client(const std::vector<std::string>& arguments, io::System& system);

} // namespace holdfast::tuf
