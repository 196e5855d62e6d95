#pragma once

#include "update/tuf/document.hpp"

namespace holdfast::tuf {

/// Longest documents that are taken, from the repository or from the cache. A shorter length that the
/// referring document gives counts for what is fetched.
inline constexpr std::size_t largest_root = 1U << 20;
inline constexpr std::size_t largest_timestamp = 1U << 20;
inline constexpr std::size_t largest_snapshot = 10U << 20;
inline constexpr std::size_t largest_targets = 10U << 20;

/// The metadata that a client has come to trust, and the checks that each new document must pass.
/// No input or output: bytes go in, in the order root, timestamp, snapshot, targets. Whatever is
/// refused changes nothing.
///
/// Errors of all `take_`s: `corrupt` where a check fails; `invalid`, `unsupported`, `too_large`
/// for bytes that are no such document. Messages don't name the document.
class TrustedMetadata {
public:
    /// Begins with a root that came with the machine or was verified before. It must be signed by
    /// its own keys. All expiries are judged by `now`.
    static Result<TrustedMetadata> start(std::string_view root, Time now);
    void set_time(Time now) { now_ = now; }

    /// The next root: signed by the keys of this one and by its own, one version on (§5.3).
    Result<void> take_root(std::string_view text);
    /// After the last root: it must not have expired.
    Result<void> finish_roots() const;
    /// Whether the timestamp or the snapshot may have been signed by a key that is gone.
    bool has_rotated() const { return has_rotated_; }

    /// A timestamp or snapshot that was trusted before, for comparison. Only its signatures and
    /// type are checked.
    Result<void> recall_timestamp(std::string_view text);
    Result<void> recall_snapshot(std::string_view text);

    enum class Outcome { taken, unchanged };
    /// `unchanged` where it has the version of the present one, which then stays (§5.4).
    Result<Outcome> take_timestamp(std::string_view text);
    /// Whether the recalled snapshot is the one that the timestamp names.
    bool has_current_snapshot(std::string_view text) const;
    Result<void> take_snapshot(std::string_view text);
    /// The present ones have not expired; asked where nothing new was taken.
    Result<void> check_timestamp_fresh() const;
    Result<void> check_snapshot_fresh() const;

    /// Reads a targets document of `role` that must be signed by `signers`, be of the version that
    /// the snapshot names, and not have expired. `targets` and delegated roles alike; keeps
    /// nothing.
    Result<Targets> check_targets(std::string_view role, const Signers& signers, const Keys& keys,
                                  std::string_view text) const;
    /// What the snapshot says of the role. Errors: `corrupt` if it is not listed.
    Result<MetaFile> meta_of(std::string_view role) const;

    const Root& root() const { return root_; }
    /// Precondition: one was taken or recalled.
    const Timestamp& timestamp() const { return *timestamp_; }
    const Snapshot& snapshot() const { return *snapshot_; }

private:
    TrustedMetadata(Root root, Time now) : root_(std::move(root)), now_(now) {}

    Root root_;
    Time now_;
    bool has_rotated_ = false;
    std::optional<Timestamp> timestamp_;
    std::optional<Snapshot> snapshot_;
};

} // namespace holdfast::tuf
