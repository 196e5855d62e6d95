#pragma once

#include "io/files.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::early_boot_config {

/// A place where user data may lie. Its name is the provenance of what it sets.
struct Provider {
    std::string name;
    std::filesystem::path path;
};

/// All places in the order of precedence: a later one wins, key by key (user-data.md §4).
std::vector<Provider> providers();

/// What a provider has: bytes, or nothing where there is nothing to be read.
/// Errors: `too_large`, `io`: it is there and cannot be taken.
Result<std::optional<std::string>> fetch(const Provider& provider, io::Files& files);

} // namespace holdfast::early_boot_config
