#include "update/tuf/trusted_metadata.hpp"

#include "update/tuf/decode.hpp"
#include "update/tuf/rules.hpp"

namespace holdfast::tuf {

namespace {

Result<Timestamp> open_timestamp(const Root& root, std::string_view text)
{
    TRY_ASSIGN(const auto document, Document::parse(text, largest_timestamp));
    TRY(verify(document, root.timestamp, root.keys));
    return read_timestamp(document.signed_part());
}

Result<Snapshot> open_snapshot(const Root& root, std::string_view text)
{
    TRY_ASSIGN(const auto document, Document::parse(text, text.size()));
    TRY(verify(document, root.snapshot, root.keys));
    return read_snapshot(document.signed_part());
}

Result<void> check_version(Version found, Version announced)
{
    if (found != announced) {
        return fail(Errc::corrupt, "it is version {}, announced was {}", found, announced);
    }
    return {};
}

} // namespace

Result<TrustedMetadata> TrustedMetadata::start(std::string_view text, Time now)
{
    TRY_ASSIGN(const auto document, Document::parse(text, largest_root));
    TRY_ASSIGN(auto root, read_root(document.signed_part()));
    TRY(verify(document, root.root, root.keys));
    return TrustedMetadata(std::move(root), now);
}

Result<void> TrustedMetadata::take_root(std::string_view text)
{
    TRY_ASSIGN(const auto document, Document::parse(text, largest_root));
    TRY_ASSIGN(auto next, read_root(document.signed_part()));
    TRY(verify(document, root_.root, root_.keys).while_("by the keys of the root before"));
    TRY(verify(document, next.root, next.keys).while_("by its own keys"));
    TRY(check_version(next.version, root_.version + 1));
    if (has_lost_online_key(root_, next)) {
        has_rotated_ = true;
        timestamp_.reset();
        snapshot_.reset();
    }
    root_ = std::move(next);
    return {};
}

Result<void> TrustedMetadata::finish_roots() const
{
    return check_fresh(root_, now_);
}

Result<void> TrustedMetadata::recall_timestamp(std::string_view text)
{
    TRY_ASSIGN(timestamp_, open_timestamp(root_, text));
    return {};
}

Result<void> TrustedMetadata::recall_snapshot(std::string_view text)
{
    TRY_ASSIGN(snapshot_, open_snapshot(root_, text));
    return {};
}

Result<TrustedMetadata::Outcome> TrustedMetadata::take_timestamp(std::string_view text)
{
    TRY_ASSIGN(auto next, open_timestamp(root_, text));
    if (timestamp_) {
        if (next.version < timestamp_->version) {
            return fail(Errc::corrupt, "it goes back from version {} to {}", timestamp_->version,
                        next.version);
        }
        if (next.version == timestamp_->version) {
            return Outcome::unchanged;
        }
        if (next.snapshot.version < timestamp_->snapshot.version) {
            return fail(Errc::corrupt, "snapshot.json goes back from version {} to {}",
                        timestamp_->snapshot.version, next.snapshot.version);
        }
    }
    TRY(check_fresh(next, now_));
    timestamp_ = std::move(next);
    return Outcome::taken;
}

bool TrustedMetadata::has_current_snapshot(std::string_view text) const
{
    return snapshot_ && snapshot_->version == timestamp().snapshot.version &&
           check_bytes(timestamp().snapshot, text).has_value();
}

Result<void> TrustedMetadata::take_snapshot(std::string_view text)
{
    // The bytes first: nothing of a wrong file should reach the parser.
    TRY(check_bytes(timestamp().snapshot, text));
    TRY_ASSIGN(auto next, open_snapshot(root_, text));
    TRY(check_version(next.version, timestamp().snapshot.version));
    if (snapshot_) {
        TRY(check_no_rollback(*snapshot_, next));
    }
    TRY(check_fresh(next, now_));
    snapshot_ = std::move(next);
    return {};
}

Result<void> TrustedMetadata::check_timestamp_fresh() const
{
    return check_fresh(timestamp(), now_);
}

Result<void> TrustedMetadata::check_snapshot_fresh() const
{
    check(snapshot_.has_value(), "a snapshot was taken");
    return check_fresh(*snapshot_, now_);
}

Result<MetaFile> TrustedMetadata::meta_of(std::string_view role) const
{
    check(snapshot_.has_value(), "a snapshot was taken");
    const auto found = snapshot_->meta.find(std::string(role) + ".json");
    if (found == snapshot_->meta.end()) {
        return fail(Errc::corrupt, "the snapshot does not list the role \"{}\"", role);
    }
    return found->second;
}

Result<Targets> TrustedMetadata::check_targets(std::string_view role, const Signers& signers,
                                               const Keys& keys, std::string_view text) const
{
    TRY_ASSIGN(const auto meta, meta_of(role));
    TRY(check_bytes(meta, text));
    TRY_ASSIGN(const auto document, Document::parse(text, text.size()));
    TRY(verify(document, signers, keys));
    TRY_ASSIGN(auto targets, read_targets(document.signed_part()));
    TRY(check_version(targets.version, meta.version));
    TRY(check_fresh(targets, now_));
    return targets;
}

} // namespace holdfast::tuf
