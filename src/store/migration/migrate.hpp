#pragma once

#include "base/version.hpp"
#include "io/files.hpp"
#include "store/migration/notes.hpp"

#include <functional>

namespace holdfast::store {

/// What `migrate` did.
struct Migrated {
    std::optional<Version> from; ///< Nothing when there was no store, or it was at its version.
    int forward = 0;             ///< Migrations applied.
    int backward = 0;            ///< Migrations taken back.
    /// Why the store that an earlier visit to this version left was put back, where it was: what
    /// has been set since is then in `v<from>.sqlite` only.
    std::string restored = {};
    /// What this version does not take, now or since an earlier visit.
    Aside aside = {};
    std::vector<std::string> warnings = {}; ///< What should have been done beside it, and was not.
};

/// Finishes or undoes what a power cut interrupted in the store of a directory, so that its one
/// file is all there is. SQLite does that when a store is opened.
using Recover = std::function<Result<void>(const std::filesystem::path& directory)>;
Result<void> recover_store(const std::filesystem::path& directory);

/// Of these values, by full name, those that the running image does not take, and why not.
using Judge = std::function<std::map<std::string, std::string>(const Values& values)>;

/// What the way from one version to another needs from the running program.
struct Hooks {
    Recover recover;
    Judge judge;
};

/// Brings the settings store in `<folder>/current` to the version of the running image, before
/// anybody opens it. From an older version: the migrations of each version in between, oldest
/// first. From a newer one, after a rollback: those that the store remembers, newest first; no
/// newer image is needed for that. What this version does not take then is put aside, value by
/// value, and is part of the next way to another version, unless something newer stands in its
/// place.
///
/// Works on a copy in memory, keeps the old store as `<folder>/v<from>.sqlite` if there is room,
/// and replaces the store, so that a power cut at any instant leaves the old or the new one, whole.
/// On an error the store is as it was. On a full disk it takes the room of what can be done
/// without: kept stores, then the reserve (`keep_reserve`). Kept stores of other versions go in any
/// case, and what makes a store larger than it need be (`compacted`), also at the same version.
///
/// A store whose making a power cut interrupted is none yet.
///
/// Errors: `corrupt` for a store that cannot be read, or that has lost all it had; `invalid` when on
/// the way forth a migration makes a value that `hooks.judge` refuses; `io`, `no_space`, `denied`.
Result<Migrated> migrate(io::Files& files, const Hooks& hooks, const std::filesystem::path& folder,
                         const Version& to, const std::vector<Migration>& known);

/// The migrations that the image carries, sorted by version and then file name; none without the
/// directory. Errors: `invalid` naming the file.
Result<std::vector<Migration>> load_migrations(io::Files& files,
                                               const std::filesystem::path& directory);

} // namespace holdfast::store
