#pragma once

#include "update/repository/content.hpp"

namespace holdfast::publish {

/// Which versions' settings lead to which others, and by which migrations:
/// "migrate_v1.1.0_motd.lz4".
using ReleaseMigrations = update::Migrations;

/// Reads the `[migrations]` of Bottlerocket's Release.toml:
///
///     [migrations]
///     "(1.0.0, 1.1.0)" = ["migrate_v1.1.0_motd.lz4"]
///     "(1.1.0, 1.2.0)" = []
///
/// Its other keys mean nothing here. Errors: `invalid`.
Result<ReleaseMigrations> parse_release_config(std::string_view toml);

/// The versions that a pair joins with the build's. What a file of Bottlerocket's calls programs,
/// which machines fetch, the image itself must carry, under the same name and version. Errors:
/// `invalid` where it lacks one.
Result<std::vector<Version>> find_migrates_from(const ReleaseMigrations& migrations,
                                                const Build& build);

} // namespace holdfast::publish
