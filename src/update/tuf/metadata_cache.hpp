#pragma once

#include "io/files.hpp"
#include "update/tuf/model.hpp"

namespace holdfast::tuf {

/// The folder with the metadata that was trusted last: `root.json`, `timestamp.json`,
/// `snapshot.json`, `targets.json`, one file per delegated role, and `latest-known-time`.
///
/// Every file is replaced as a whole, so a power cut leaves the old or the new one. All of them are
/// verified again when they are read: what a broken disk made of them counts as absent.
class MetadataCache {
public:
    /// Precondition: `files` outlives the cache.
    MetadataCache(io::Files& files, std::filesystem::path folder);

    /// Nothing where there is no such file, or none that can be read within the limit.
    std::optional<std::string> load(std::string_view role, std::size_t limit) const;
    Result<void> save(std::string_view role, std::string_view text);
    /// Forgets the timestamp and the snapshot, for good when it returns.
    Result<void> forget_timestamp_and_snapshot();

    /// The latest time at which metadata was found fresh, or the epoch.
    Time latest_known_time() const;
    Result<void> save_latest_known_time(Time time);

private:
    io::Files& files_;
    std::filesystem::path folder_;
};

} // namespace holdfast::tuf
