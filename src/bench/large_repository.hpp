#pragma once

#include "io/files.hpp"

#include <filesystem>

namespace holdfast::bench {

constexpr int large_repository_targets = 1000;

/// Writes the metadata of a repository with that many targets, named as those of releases are.
/// Nobody downloads one.
Result<void> make_large_repository(io::Files& files, const std::filesystem::path& folder);

} // namespace holdfast::bench
