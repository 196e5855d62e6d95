#pragma once

#include "base/error.hpp"

#include <filesystem>

namespace holdfast::tool {

/// Serves the folder at http://127.0.0.1:<port>/ by nginx, ranges included, until interrupted.
/// Errors: those of starting it.
Result<int> serve_folder(const std::filesystem::path& folder, int port);

} // namespace holdfast::tool
