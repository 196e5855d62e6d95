#pragma once

#include "update/tuf/model.hpp"

#include <filesystem>
#include <string>
#include <string_view>

/// Names of files and URLs.
namespace holdfast::tuf {

/// The URL of a file or folder of this machine. Precondition: the path is absolute.
std::string file_url(const std::filesystem::path& path);

/// The role's file where a client keeps it: no folder, no version, and never outside of where it
/// belongs: "../x" becomes "..%2Fx.json".
std::string cached_name(std::string_view role);

/// The document's name on the server: with the version where snapshots are consistent.
std::string published_name(std::string_view role, std::optional<Version> version);

/// The target's path on the server, percent-encoded: with its digest before the last part where
/// snapshots are consistent (§5.7.3). Errors: `invalid` for a name that climbs out of its folder
/// or is no path; `unsupported` where no digest of a known kind is given.
Result<std::string> published_target(const Target& target, bool consistent_snapshot);

/// `base` and `name` with exactly one slash between.
std::string join_url(std::string_view base, std::string_view name);

} // namespace holdfast::tuf
