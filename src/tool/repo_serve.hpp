#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>

namespace holdfast::tool {

/// Serves the folder at http://127.0.0.1:<port>/ by nginx, ranges included, until interrupted, or until
/// whoever started this program ends.
/// Errors: those of starting it.
Result<int> serve_folder(const std::filesystem::path& folder, std::uint16_t port);

} // namespace holdfast::tool
