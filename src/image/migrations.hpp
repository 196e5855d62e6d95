#pragma once

#include "base/version.hpp"
#include "io/files.hpp"
#include "json/json.hpp"

namespace holdfast::image {

/// What a build's manifest tells of the migrations in its root tree, so that `repo add` can compare
/// builds without opening them: [{"version": "1.1.0", "name": "greeting", "sha256": "…"}]. The hash is
/// that of what the migration does, whatever its file looks like. An empty list without migrations.
///
/// Errors: `invalid` naming the file of one that machines would not take, or of one for a version
/// newer than the image's.
Result<Json> carried_migrations(io::Files& files, const std::filesystem::path& tree,
                                std::string_view image_version);

} // namespace holdfast::image
