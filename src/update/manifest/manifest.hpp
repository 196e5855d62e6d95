#pragma once

#include "base/error.hpp"
#include "base/version.hpp"
#include "update/manifest/waves.hpp"
#include "json/json.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::update {

/// The TUF target that lists a repository's updates.
constexpr std::string_view manifest_target = "manifest.json";

// `other` holds the members of an object that we don't know, or is null: who publishes keeps them.

/// The names of the targets that fill a set's partitions. Each is a plain file name.
struct Images {
    std::string boot;
    std::string root;
    std::string hash;
    Json other = {};
    bool operator==(const Images&) const = default;
};
/// The target with the block list over a set's images, by which a machine fetches only what is new:
/// "x-blocks.list" beside "x-root.erofs". It need not exist; without it an update takes more bytes.
std::string block_list_target(const Images& images);

/// One image that machines may come to.
struct Update {
    std::string variant;
    std::string arch;
    Version version;
    Version max_version; ///< The newest that machines of this variant and architecture may be at.
    Waves waves = {};
    Images images = {};
    Json other = {};
    bool operator==(const Update&) const = default;
};

/// The targets that convert a settings store from one version to another, in order, by the two
/// versions. An empty list is a step too: the versions store alike.
using Migrations = std::map<std::pair<Version, Version>, std::vector<std::string>>;

/// What a repository offers.
struct Manifest {
    std::vector<Update> updates = {};
    Migrations migrations = {};
    Json other = {};
    bool operator==(const Manifest&) const = default;
};

/// Reads manifest.json; keys that it does not know mean nothing to it. Names of targets are taken
/// as plain file names only, so that none can leave the folder it is stored in. Errors: `invalid`
/// with the place, `too_large` over 2 MiB.
Result<Manifest> parse_manifest(std::string_view text);

/// An object whose keys are steps, "(1.2.2, 1.2.3)" with exactly one space, and whose values are
/// lists of plain file names. Errors: `invalid` with the place.
Result<Migrations> parse_migrations(const Json& object);

/// As machines read it. `parse_manifest(to_text(to_json(m)))` gives `m` again.
Json to_json(const Manifest& manifest);

/// What a publisher must hold, and a machine does not rely on: no version twice for a variant and
/// architecture, one max_version for all of them, waves that ascend. Errors: `invalid`.
Result<void> check_manifest(const Manifest& manifest);

} // namespace holdfast::update
