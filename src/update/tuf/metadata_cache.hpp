#pragma once

#include "io/files.hpp"
#include "update/tuf/model.hpp"

#include <vector>

namespace holdfast::tuf {

/// The folder with the metadata that was trusted last: `root.json`, `timestamp.json`,
/// `snapshot.json`, `targets.json`, one file per delegated role, `root-chain`, and
/// `latest-known-time`.
///
/// Where several repositories share the root, what each of them has said lies in a folder of its
/// own below; root and time are one for all, so a key that was taken away is gone everywhere.
///
/// Every file is replaced as a whole, so a power cut leaves the old or the new one. All of them are
/// verified again when they are read: what a broken disk made of them counts as absent.
class MetadataCache {
public:
    /// `repository` is the name of its folder; empty where there is one repository. Nothing is made
    /// yet: `save` makes the folders, for their owner only, so that they survive a power cut.
    /// Precondition: `files` outlives the cache.
    MetadataCache(io::Files& files, std::filesystem::path folder,
                  const std::filesystem::path& repository = {});

    /// Nothing where there is no such file, or none that can be read within the limit.
    std::optional<std::string> load(std::string_view role, std::size_t limit) const;
    /// With the first document of a fifth repository the others are forgotten.
    Result<void> save(std::string_view role, std::string_view text);
    /// Forgets the timestamp and the snapshot of all repositories, for good when it returns.
    Result<void> forget_timestamp_and_snapshot();

    /// Which roots led to the cached one, itself included: the SHA-256 of each, in hexadecimal.
    std::vector<std::string> root_chain() const;
    Result<void> save_root_chain(const std::vector<std::string>& hashes);

    /// The latest time at which metadata was found fresh, or the epoch.
    Time latest_known_time() const;
    Result<void> save_latest_known_time(Time time);

private:
    std::filesystem::path place_of(std::string_view role) const;
    /// The folders of the repositories that are known.
    std::vector<std::filesystem::path> repositories() const;
    Result<void> make_folder(const std::filesystem::path& folder);
    Result<void> forget_other_repositories();

    io::Files& files_;
    std::filesystem::path folder_;
    std::filesystem::path own_; ///< Of this repository; the same where there is one.
};

} // namespace holdfast::tuf
