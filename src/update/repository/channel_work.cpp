#include "update/repository/channel_work.hpp"

#include "base/utc_time.hpp"
#include "crypto/sha256.hpp"
#include "update/repository/acceptance.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/names.hpp"

namespace holdfast::publish {

namespace {

template <typename Part>
Result<Stored<Part>> make_stored(Part part, Json signed_part)
{
    TRY_ASSIGN(auto document, tuf::Document::make(std::move(signed_part)));
    auto text = document.text();
    return Stored<Part>{std::move(text), std::move(document), std::move(part)};
}

/// What to say of the document, with what else was said of the one before.
tuf::MetaFile announce(tuf::Version version, const std::string& text, tuf::MetaFile before)
{
    return {.version = version,
            .length = text.size(),
            .hashes = {{"sha256", crypto::sha256(text).hex()}},
            .other = std::move(before.other)};
}

/// What others have published may name no hash.
template <typename Part>
bool refers_to(const tuf::MetaFile& meta, const Stored<Part>& document)
{
    const auto hash = meta.hashes.find("sha256");
    return meta.version == document.part.version &&
           (hash == meta.hashes.end() || hash->second == crypto::sha256(document.text).hex());
}

bool refers_to(const tuf::Snapshot& snapshot, const Stored<tuf::Targets>& targets)
{
    const auto meta = snapshot.meta.find("targets.json");
    return meta != snapshot.meta.end() && refers_to(meta->second, targets);
}

const tuf::Signers& signers(const tuf::Root& root, std::string_view role)
{
    return role == "targets" ? root.targets : role == "snapshot" ? root.snapshot : root.timestamp;
}

} // namespace

ChannelWork::ChannelWork(io::Files& files, tuf::Time now, const Layout& layout, const KeyRing& keys,
                         const PublishOptions& options, const Roots& roots, Channel channel)
    : files_(files), now_(now), layout_(layout), keys_(keys), options_(options), roots_(roots),
      channel_(std::move(channel))
{
}

Result<bool> ChannelWork::complete(std::vector<Waiting>& waiting)
{
    aside_.clear();
    TRY_ASSIGN(published_, load_published(files_, layout_, channel_));
    TRY_ASSIGN(drafts_, load_drafts(files_, layout_, channel_, published_));
    if (!drafts_.targets && !drafts_.snapshot && !drafts_.timestamp && !roots_.next) {
        return false;
    }
    const auto& lifetime = options_.expiration;
    TRY(draft_for_next_root("targets", drafts_.targets, published_.targets, tuf::write_targets,
                            lifetime.targets));
    TRY_ASSIGN(const bool has_targets,
               complete_part("targets", drafts_.targets, published_.targets, waiting));
    std::optional<Waiting> late;
    if (has_targets && drafts_.targets) {
        TRY_ASSIGN(late, find_late_waves());
    }
    if (late) {
        waiting.push_back(*late);
    }
    if (!has_targets || late) {
        set_aside("targets", drafts_.targets);
    }
    if (!has_any(&Documents::targets)) {
        return false;
    }
    TRY(draft_snapshot());
    TRY(draft_for_next_root("snapshot", drafts_.snapshot, published_.snapshot, tuf::write_snapshot,
                            lifetime.snapshot));
    TRY_ASSIGN(const bool has_snapshot,
               complete_part("snapshot", drafts_.snapshot, published_.snapshot, waiting));
    if (!has_snapshot) {
        // Nothing may be published that no snapshot speaks of.
        set_aside("targets", drafts_.targets);
        set_aside("snapshot", drafts_.snapshot);
    }
    if (!has_any(&Documents::snapshot)) {
        return false;
    }
    TRY(draft_timestamp());
    TRY(draft_for_next_root("timestamp", drafts_.timestamp, published_.timestamp,
                            tuf::write_timestamp, lifetime.timestamp));
    TRY_ASSIGN(const bool has_timestamp,
               complete_part("timestamp", drafts_.timestamp, published_.timestamp, waiting));
    return has_timestamp && (drafts_.targets || drafts_.snapshot || drafts_.timestamp);
}

Result<void> ChannelWork::write(const std::vector<std::string>& roots)
{
    TRY(check_acceptance({.roots = roots,
                          .timestamp = newest(&Documents::timestamp).text,
                          .snapshot = newest(&Documents::snapshot).text,
                          .targets = newest(&Documents::targets).text,
                          .before = published_},
                         now_)
            .while_(std::format("machines would refuse {}", channel_.str())));
    const auto folder = layout_.metadata(channel_);
    TRY(write_versioned(folder, "targets", drafts_.targets));
    TRY(write_versioned(folder, "snapshot", drafts_.snapshot));
    TRY(store_file(files_, folder / "timestamp.json", newest(&Documents::timestamp).text));
    return remove_drafts();
}

/// The draft stays on the disk as it is; here it is as if there were none.
template <typename Part>
void ChannelWork::set_aside(const std::string& role, std::optional<Stored<Part>>& draft)
{
    aside_.insert(role);
    draft.reset();
}

template <typename Part>
bool ChannelWork::has_any(std::optional<Stored<Part>> Documents::* part) const
{
    return drafts_.*part || published_.*part;
}

template <typename Part>
const Stored<Part>& ChannelWork::newest(std::optional<Stored<Part>> Documents::* part) const
{
    const auto& draft = drafts_.*part;
    return draft ? *draft : *(published_.*part);
}

template <typename Part>
Result<void> ChannelWork::write_versioned(const std::filesystem::path& folder,
                                          std::string_view role,
                                          const std::optional<Stored<Part>>& draft)
{
    if (!draft) {
        return {};
    }
    return store_file(files_, folder / tuf::published_name(role, draft->part.version), draft->text);
}

Result<void> ChannelWork::remove_drafts()
{
    const auto folder = layout_.drafts(channel_);
    for (const std::string role : {"targets", "snapshot", "timestamp"}) {
        if (!aside_.contains(role)) {
            TRY(files_.remove(folder / tuf::cached_name(role)));
        }
    }
    return files_.exists(folder) ? files_.flush_directory(folder) : Result<void>();
}

std::vector<const tuf::Root*> ChannelWork::all_roots() const
{
    std::vector<const tuf::Root*> roots{&roots_.current};
    if (roots_.next) {
        roots.push_back(&*roots_.next);
    }
    return roots;
}

/// Makes what is published anew, where it does not hold by the next root, for more people to sign.
/// A draft with something new in it comes first.
template <typename Part>
Result<void>
ChannelWork::draft_for_next_root(std::string_view role, std::optional<Stored<Part>>& draft,
                                 const std::optional<Stored<Part>>& published,
                                 Json (*encode)(const Part&), std::chrono::seconds lifetime)
{
    if (!roots_.next || draft || !published ||
        tuf::verify(published->document, signers(*roots_.next, role), roots_.next->keys)
            .has_value()) {
        return {};
    }
    auto part = published->part;
    part.version = next_version(part.version, now_);
    if (part.expires <= now_) {
        part.expires = now_ + lifetime;
    }
    auto json = encode(part);
    TRY_ASSIGN(draft, make_stored(std::move(part), std::move(json)));
    return store_draft(role, draft->text);
}

template <typename Part>
Result<void> ChannelWork::check_signed(std::string_view role, const Stored<Part>& draft,
                                       const std::optional<Stored<Part>>& published) const
{
    TRY(tuf::verify(draft.document, signers(roots_.current, role), roots_.current.keys));
    if (roots_.next && (roots_.has_expired || says_nothing_new(draft, published))) {
        TRY(tuf::verify(draft.document, signers(*roots_.next, role), roots_.next->keys)
                .while_("for the root that waits"));
    }
    return {};
}

/// Signs the draft and keeps it, where it needs that; whether it is complete then. One that is
/// complete is left alone, as others name its hash. No draft counts as complete.
template <typename Part>
Result<bool> ChannelWork::complete_part(std::string_view role, std::optional<Stored<Part>>& draft,
                                        const std::optional<Stored<Part>>& published,
                                        std::vector<Waiting>& waiting)
{
    if (!draft || check_signed(role, *draft, published).has_value()) {
        return true;
    }
    bool is_signed = false;
    for (const auto* root : all_roots()) {
        TRY_ASSIGN(const bool signs, keys_.sign(draft->document, signers(*root, role), root->keys));
        is_signed = is_signed || signs;
    }
    if (is_signed) {
        draft->text = draft->document.text();
        TRY(store_draft(role, draft->text));
    }
    const auto holds = check_signed(role, *draft, published);
    if (!holds.has_value()) {
        waiting.push_back({.document = std::format("{} {}.json", channel_.str(), role),
                           .reason = holds.error().message()});
    }
    return holds.has_value();
}

/// The times of waves are signed, and pass while signatures are waited for.
Result<std::optional<Waiting>> ChannelWork::find_late_waves() const
{
    if (options_.late_waves == LateWaves::are_taken) {
        return std::optional<Waiting>();
    }
    TRY_ASSIGN(const auto drafted, load_manifest(files_, layout_, drafts_.targets->part));
    update::Manifest published;
    if (published_.targets) {
        TRY_ASSIGN(published, load_manifest(files_, layout_, published_.targets->part));
    }
    const auto* late = publish::find_late_waves(drafted, published, now_);
    if (late == nullptr) {
        return std::optional<Waiting>();
    }
    return std::optional(Waiting{
        .document = channel_.str() + " targets.json",
        .reason = std::format(
            "the waves of {} began at {}, before it was published, and most of the fleet would take it "
            "at once; give them anew (repo waves --variant {} --arch {} --wave-policy … {}), or publish "
            "it as it is: repo sign --waves-as-they-are",
            late->version.str(), utc_text(late->waves.begin()->second), channel_.variant,
            channel_.arch, late->version.str()),
        .missing = "new waves"});
}

Result<void> ChannelWork::store_draft(std::string_view role, const std::string& text)
{
    return store_file(files_, layout_.drafts(channel_) / tuf::cached_name(role), text);
}

/// Makes a snapshot that refers to the newest targets, unless there is one.
Result<void> ChannelWork::draft_snapshot()
{
    const auto& targets = newest(&Documents::targets);
    if (drafts_.snapshot ? refers_to(drafts_.snapshot->part, targets)
                         : published_.snapshot && refers_to(published_.snapshot->part, targets)) {
        return {};
    }
    auto snapshot = published_.snapshot ? published_.snapshot->part : tuf::Snapshot();
    snapshot.version = next_version(published_.snapshot ? snapshot.version : 0, now_);
    snapshot.expires = now_ + options_.expiration.snapshot;
    auto& meta = snapshot.meta["targets.json"];
    meta = announce(targets.part.version, targets.text, std::move(meta));
    const auto json = tuf::write_snapshot(snapshot);
    TRY_ASSIGN(drafts_.snapshot, make_stored(std::move(snapshot), json));
    return store_draft("snapshot", drafts_.snapshot->text);
}

Result<void> ChannelWork::draft_timestamp()
{
    const auto& snapshot = newest(&Documents::snapshot);
    if (drafts_.timestamp
            ? refers_to(drafts_.timestamp->part.snapshot, snapshot)
            : published_.timestamp && refers_to(published_.timestamp->part.snapshot, snapshot)) {
        return {};
    }
    auto timestamp = published_.timestamp ? published_.timestamp->part : tuf::Timestamp();
    timestamp.version = next_version(published_.timestamp ? timestamp.version : 0, now_);
    timestamp.expires = now_ + options_.expiration.timestamp;
    timestamp.snapshot =
        announce(snapshot.part.version, snapshot.text, std::move(timestamp.snapshot));
    const auto json = tuf::write_timestamp(timestamp);
    TRY_ASSIGN(drafts_.timestamp, make_stored(std::move(timestamp), json));
    return store_draft("timestamp", drafts_.timestamp->text);
}

} // namespace holdfast::publish
