#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "store/migrations/transform.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::store::migrations {

/// Where the declarations of an image lie: one `NAME.toml` for each step.
constexpr auto steps_folder = "/usr/share/holdfast/migrations";

/// Reads an image's steps; none where the folder is missing. Errors: `invalid` naming the file.
Result<std::vector<Step>> read_steps(io::Files& files, const std::filesystem::path& folder);

/// The folder `<datastore>/<version>` holds the store of that version, and `<datastore>/proven` says
/// which version's boot succeeded last, so whose store counts.
struct Datastore {
    std::filesystem::path folder;
    Version version;          ///< Of the running image.
    std::vector<Step> steps;  ///< That it knows.
    std::string boot_id;      ///< Differs from boot to boot.
    const char* vfs = nullptr; ///< As for `Database::open`.
};

/// Gives the folder of the running version's store, ready to be opened.
///
/// Where another version's store counts, the running version gets a copy of it, changed by each step
/// between the two, forward or backward, in one transaction; the other stays as it is. So a trial
/// that fails leaves the settings as they were, and a version that one goes back to on purpose has
/// the newest ones. A step that the running version does not know, because it is older, is found in
/// the newer version's store. Within one boot this happens once; a boot that did not succeed does
/// not count, and the next begins afresh.
///
/// Errors: `corrupt`, `io`, `no_space`, `invalid` for steps that cannot be read. The store that
/// counts is then untouched, and the caller must not go on: the boot is to fail.
Result<std::filesystem::path> open_datastore(io::Files& files, io::Clock& clock,
                                             const Datastore& datastore);

/// The running version's boot succeeded: its store counts from now on. Survives a power cut.
Result<void> mark_proven(io::Files& files, const std::filesystem::path& folder,
                         const Version& version);

} // namespace holdfast::store::migrations
