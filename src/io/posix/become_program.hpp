#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::io {

/// Turns this process into another program that keeps its terminal (execvp(3)), with `directory` as
/// the working directory. Returns only when that fails.
Result<void> become_program(const std::vector<std::string>& arguments,
                            const std::filesystem::path& directory);

} // namespace holdfast::io
