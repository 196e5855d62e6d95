#pragma once

#include "update/manifest/manifest.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::update {

/// What decides which updates a machine may see.
struct Viewpoint {
    std::string variant = {};
    std::string arch = {};
    Seed seed = 0;
    bool ignore_waves = false;
    std::chrono::sys_seconds now = {};
};

/// The updates for this machine whose wave has come and that are not withdrawn, newest first. Older
/// versions than the running one are among them.
std::vector<Update> available_updates(const Manifest& manifest, const Viewpoint& viewpoint);

/// What to go to from `current`, out of `available_updates`; nothing when the machine is where it
/// should be.
///
/// With a lock: that version, be it older, or nothing. With "latest": the first that is newer than
/// `current`, or whose max_version `current` exceeds, so that a machine leaves a withdrawn version
/// for the highest allowed one.
std::optional<Update> choose_update(const std::vector<Update>& available, const Version& current,
                                    const VersionLock& lock);

/// The update of exactly this version, or nothing.
std::optional<Update> find_update(const std::vector<Update>& available, const Version& version);

/// The targets that convert the settings store from one version to another, in the order in which
/// they are to be run: from the lower version up, each time the longest step that does not
/// overshoot; for a downgrade the same way back. Empty between equal versions.
///
/// Errors: `not_found` when the steps don't lead there. The machine must not take such an update.
Result<std::vector<std::string>> migration_path(const Migrations& migrations, const Version& from,
                                                const Version& to);

} // namespace holdfast::update
