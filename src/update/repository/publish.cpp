#include "update/repository/publish.hpp"

#include "crypto/sha256.hpp"
#include "update/repository/acceptance.hpp"
#include "update/tuf/decode.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/names.hpp"
#include "update/tuf/trusted_metadata.hpp"

#include <set>

namespace holdfast::publish {

namespace {

tuf::Time now_of(io::Clock& clock)
{
    return std::chrono::floor<std::chrono::seconds>(clock.now());
}

template <typename Part>
Result<Stored<Part>> make_stored(Part part, Json signed_part)
{
    TRY_ASSIGN(auto document, tuf::Document::make(std::move(signed_part)));
    auto text = document.text();
    return Stored<Part>{std::move(text), std::move(document), std::move(part)};
}

tuf::MetaFile announce(tuf::Version version, const std::string& text)
{
    return {.version = version,
            .length = text.size(),
            .hashes = {{"sha256", crypto::sha256(text).hex()}}};
}

bool refers_to(const tuf::MetaFile& meta, const std::string& text)
{
    const auto hash = meta.hashes.find("sha256");
    return hash != meta.hashes.end() && hash->second == crypto::sha256(text).hex();
}

bool refers_to(const tuf::Snapshot& snapshot, const std::string& targets)
{
    const auto meta = snapshot.meta.find("targets.json");
    return meta != snapshot.meta.end() && refers_to(meta->second, targets);
}

/// The roots by which a document must hold: the published one, and the one that is to follow, so
/// that machines find valid metadata before and after it appears.
struct Roots {
    tuf::Root current;
    std::optional<tuf::Root> next;
};

/// Signatures of one channel's documents, step by step.
class ChannelWork {
public:
    ChannelWork(io::Files& files, io::Clock& clock, const Layout& layout, const KeyRing& keys,
                const PublishOptions& options, const Roots& roots, Channel channel)
        : files_(files), clock_(clock), layout_(layout), keys_(keys), options_(options),
          roots_(roots), channel_(std::move(channel))
    {
    }

    /// Whether anything new was made complete; `waiting` gets what could not be. What waits does not
    /// hold up what is complete without it: a timestamp is renewed while people sign targets.
    Result<bool> complete(std::vector<Waiting>& waiting)
    {
        TRY_ASSIGN(published_, load_published(files_, layout_, channel_));
        TRY_ASSIGN(drafts_, load_drafts(files_, layout_, channel_, published_));
        if (!drafts_.targets && !drafts_.snapshot && !drafts_.timestamp) {
            return false;
        }
        TRY_ASSIGN(const bool has_targets, complete_part("targets", drafts_.targets, waiting));
        if (!has_targets) {
            set_aside("targets", drafts_.targets);
        }
        if (!has_any(&Documents::targets)) {
            return false;
        }
        TRY(draft_snapshot());
        TRY_ASSIGN(const bool has_snapshot, complete_part("snapshot", drafts_.snapshot, waiting));
        if (!has_snapshot) {
            // Nothing may be published that no snapshot speaks of.
            set_aside("targets", drafts_.targets);
            set_aside("snapshot", drafts_.snapshot);
        }
        if (!has_any(&Documents::snapshot)) {
            return false;
        }
        TRY(draft_timestamp());
        TRY_ASSIGN(const bool has_timestamp,
                   complete_part("timestamp", drafts_.timestamp, waiting));
        return has_timestamp && (drafts_.targets || drafts_.snapshot || drafts_.timestamp);
    }

    /// Writes what `complete` completed where machines look, the timestamp last.
    Result<void> write(const std::vector<std::string>& roots)
    {
        TRY(check_acceptance({.roots = roots,
                              .timestamp = newest(&Documents::timestamp).text,
                              .snapshot = newest(&Documents::snapshot).text,
                              .targets = newest(&Documents::targets).text,
                              .before = published_},
                             now_of(clock_))
                .while_(std::format("machines would refuse {}", channel_.str())));
        const auto folder = layout_.metadata(channel_);
        TRY(write_versioned(folder, "targets", drafts_.targets));
        TRY(write_versioned(folder, "snapshot", drafts_.snapshot));
        TRY(store_file(files_, folder / "timestamp.json", newest(&Documents::timestamp).text));
        return remove_drafts();
    }

private:
    /// The draft stays on the disk as it is; here it is as if there were none.
    template <typename Part>
    void set_aside(const std::string& role, std::optional<Stored<Part>>& draft)
    {
        aside_.insert(role);
        draft.reset();
    }

    template <typename Part>
    bool has_any(std::optional<Stored<Part>> Documents::* part) const
    {
        return drafts_.*part || published_.*part;
    }

    template <typename Part>
    const Stored<Part>& newest(std::optional<Stored<Part>> Documents::* part) const
    {
        const auto& draft = drafts_.*part;
        return draft ? *draft : *(published_.*part);
    }

    template <typename Part>
    Result<void> write_versioned(const std::filesystem::path& folder, std::string_view role,
                                 const std::optional<Stored<Part>>& draft)
    {
        if (!draft) {
            return {};
        }
        return store_file(files_, folder / tuf::published_name(role, draft->part.version),
                          draft->text);
    }

    Result<void> remove_drafts()
    {
        const auto folder = layout_.drafts(channel_);
        for (const std::string role : {"targets", "snapshot", "timestamp"}) {
            if (!aside_.contains(role)) {
                TRY(files_.remove(folder / tuf::cached_name(role)));
            }
        }
        return files_.exists(folder) ? files_.flush_directory(folder) : Result<void>();
    }

    const tuf::Signers& signers(const tuf::Root& root, std::string_view role) const
    {
        return role == "targets"    ? root.targets
               : role == "snapshot" ? root.snapshot
                                    : root.timestamp;
    }

    /// The roots by which the document must hold.
    std::vector<const tuf::Root*> needed_roots() const
    {
        std::vector<const tuf::Root*> roots{&roots_.current};
        if (roots_.next) {
            roots.push_back(&*roots_.next);
        }
        return roots;
    }

    Result<void> check_signed(const tuf::Document& document, std::string_view role) const
    {
        for (const auto* root : needed_roots()) {
            TRY(tuf::verify(document, signers(*root, role), root->keys));
        }
        return {};
    }

    /// Signs the draft and keeps it, where it needs that; whether it is complete then. One that is
    /// complete is left alone, as others name its hash. No draft counts as complete.
    template <typename Part>
    Result<bool> complete_part(std::string_view role, std::optional<Stored<Part>>& draft,
                               std::vector<Waiting>& waiting)
    {
        if (!draft || check_signed(draft->document, role).has_value()) {
            return true;
        }
        bool is_signed = false;
        for (const auto* root : needed_roots()) {
            TRY_ASSIGN(const bool signs,
                       keys_.sign(draft->document, signers(*root, role), root->keys));
            is_signed = is_signed || signs;
        }
        if (is_signed) {
            draft->text = draft->document.text();
            TRY(store_draft(role, draft->text));
        }
        const auto holds = check_signed(draft->document, role);
        if (!holds.has_value()) {
            waiting.push_back({.document = std::format("{} {}.json", channel_.str(), role),
                               .reason = holds.error().message()});
        }
        return holds.has_value();
    }

    Result<void> store_draft(std::string_view role, const std::string& text)
    {
        return store_file(files_, layout_.drafts(channel_) / tuf::cached_name(role), text);
    }

    /// Makes a snapshot that refers to the newest targets, unless there is one.
    Result<void> draft_snapshot()
    {
        const auto& targets = newest(&Documents::targets);
        if (drafts_.snapshot
                ? refers_to(drafts_.snapshot->part, targets.text)
                : published_.snapshot && refers_to(published_.snapshot->part, targets.text)) {
            return {};
        }
        tuf::Snapshot snapshot;
        snapshot.version = published_.snapshot ? published_.snapshot->part.version + 1 : 1;
        snapshot.expires = now_of(clock_) + options_.expiration.snapshot;
        snapshot.meta["targets.json"] = announce(targets.part.version, targets.text);
        const auto json = tuf::write_snapshot(snapshot);
        TRY_ASSIGN(drafts_.snapshot, make_stored(std::move(snapshot), json));
        return store_draft("snapshot", drafts_.snapshot->text);
    }

    Result<void> draft_timestamp()
    {
        const auto& snapshot = newest(&Documents::snapshot);
        if (drafts_.timestamp ? refers_to(drafts_.timestamp->part.snapshot, snapshot.text)
                              : published_.timestamp &&
                                    refers_to(published_.timestamp->part.snapshot, snapshot.text)) {
            return {};
        }
        tuf::Timestamp timestamp;
        timestamp.version = published_.timestamp ? published_.timestamp->part.version + 1 : 1;
        timestamp.expires = now_of(clock_) + options_.expiration.timestamp;
        timestamp.snapshot = announce(snapshot.part.version, snapshot.text);
        const auto json = tuf::write_timestamp(timestamp);
        TRY_ASSIGN(drafts_.timestamp, make_stored(std::move(timestamp), json));
        return store_draft("timestamp", drafts_.timestamp->text);
    }

    io::Files& files_;
    io::Clock& clock_;
    const Layout& layout_;
    const KeyRing& keys_;
    const PublishOptions& options_;
    const Roots& roots_;
    Channel channel_;
    Documents published_;
    Documents drafts_;
    std::set<std::string> aside_; ///< Roles whose drafts go on waiting.
};

/// Gives the channel the roots that it lacks, oldest first.
Result<void> copy_roots(io::Files& files, const std::filesystem::path& folder,
                        const std::vector<std::string>& roots)
{
    for (std::size_t index = 0; index < roots.size(); ++index) {
        const auto path = folder / tuf::published_name("root", index + 1);
        if (!files.exists(path)) {
            TRY(store_file(files, path, roots[index]));
        }
    }
    return {};
}

/// Signs the waiting root; nothing where it is complete, else why not.
Result<std::optional<Waiting>> complete_root(io::Files& files, const Layout& layout,
                                             const KeyRing& keys, tuf::Document& draft,
                                             const tuf::Root* current)
{
    TRY_ASSIGN(const auto next, tuf::read_root(draft.signed_part()));
    TRY_ASSIGN(bool is_signed, keys.sign(draft, next.root, next.keys));
    if (current != nullptr) {
        TRY_ASSIGN(const bool signs, keys.sign(draft, current->root, current->keys));
        is_signed = is_signed || signs;
    }
    if (is_signed) {
        TRY(store_file(files, layout.root_draft(), draft.text()));
    }
    const auto by_own = tuf::verify(draft, next.root, next.keys);
    const auto by_current =
        current != nullptr ? tuf::verify(draft, current->root, current->keys) : Result<void>();
    for (const auto* holds : {&by_own, &by_current}) {
        if (!holds->has_value()) {
            return std::optional(
                Waiting{.document = "root.json", .reason = holds->error().message()});
        }
    }
    return std::optional<Waiting>();
}

/// Whether what the channel publishes holds by this root.
Result<bool> holds_by(io::Files& files, const Layout& layout, const Channel& channel,
                      const tuf::Root& root)
{
    TRY_ASSIGN(const auto published, load_published(files, layout, channel));
    if (!published.timestamp) {
        return true;
    }
    return tuf::verify(published.timestamp->document, root.timestamp, root.keys).has_value() &&
           tuf::verify(published.snapshot->document, root.snapshot, root.keys).has_value() &&
           tuf::verify(published.targets->document, root.targets, root.keys).has_value();
}

/// The roots that a machine goes through, from the one that it was shipped with.
Result<std::vector<std::string>> roots_of_machine(io::Files& files,
                                                  const std::filesystem::path& shipped_root,
                                                  std::vector<std::string> roots)
{
    if (shipped_root.empty()) {
        return roots;
    }
    TRY_ASSIGN(auto shipped, files.read(shipped_root, tuf::largest_root));
    TRY_ASSIGN(const auto document, tuf::Document::parse(shipped, tuf::largest_root));
    TRY_ASSIGN(const auto root, tuf::read_root(document.signed_part()));
    if (root.version > roots.size()) {
        return fail(Errc::invalid, "{} has version {}, which this repository never had",
                    shipped_root.native(), root.version);
    }
    roots.erase(roots.begin(), roots.begin() + static_cast<std::ptrdiff_t>(root.version - 1));
    roots.front() = std::move(shipped);
    return roots;
}

/// Publishes the first root, where none is published yet. Whether there is one then.
Result<bool> publish_first_root(io::Files& files, const Layout& layout, const KeyRing& keys,
                                std::vector<Waiting>& waiting)
{
    if (files.exists(layout.roots() / tuf::published_name("root", 1))) {
        return true;
    }
    TRY_ASSIGN(auto draft, load_root_draft(files, layout));
    if (!draft) {
        return fail(Errc::not_found, "{} is no repository", layout.folder().native());
    }
    TRY_ASSIGN(auto wait, complete_root(files, layout, keys, *draft, nullptr));
    if (wait) {
        waiting.push_back(*std::move(wait));
        return false;
    }
    TRY(store_file(files, layout.roots() / tuf::published_name("root", 1), draft->text()));
    TRY(files.remove(layout.root_draft()));
    return true;
}

/// `draft` is complete.
Result<void> publish_next_root(io::Files& files, const Layout& layout,
                               const std::vector<Channel>& channels, const tuf::Document& draft,
                               const Roots& roots, std::vector<Waiting>& waiting)
{
    for (const auto& channel : channels) {
        TRY_ASSIGN(const bool holds, holds_by(files, layout, channel, *roots.next));
        if (!holds) {
            waiting.push_back({.document = "root.json",
                               .reason = std::format("{} is not signed by the new root's keys yet",
                                                     channel.str())});
            return {};
        }
    }
    const auto name = tuf::published_name("root", roots.next->version);
    TRY(store_file(files, layout.roots() / name, draft.text()));
    for (const auto& channel : channels) {
        TRY(store_file(files, layout.metadata(channel) / name, draft.text()));
    }
    return files.remove(layout.root_draft());
}

} // namespace

Result<std::vector<Waiting>> publish(io::Files& files, io::Clock& clock, const Layout& layout,
                                     const KeyRing& keys, const PublishOptions& options)
{
    std::vector<Waiting> waiting;
    TRY_ASSIGN(const bool has_root, publish_first_root(files, layout, keys, waiting));
    if (!has_root) {
        return waiting;
    }
    TRY_ASSIGN(const auto root_texts, load_roots(files, layout));
    TRY_ASSIGN(auto roots_seen, roots_of_machine(files, options.shipped_root, root_texts));
    Roots roots;
    TRY_ASSIGN(roots.current, load_current_root(files, layout));
    TRY_ASSIGN(auto root_draft, load_root_draft(files, layout));
    std::optional<Waiting> root_waits;
    if (root_draft) {
        TRY_ASSIGN(roots.next, tuf::read_root(root_draft->signed_part()));
        TRY_ASSIGN(root_waits, complete_root(files, layout, keys, *root_draft, &roots.current));
        if (!root_waits) {
            // It follows at once. Where the current one has expired, no machine takes anything
            // before that.
            roots_seen.push_back(root_draft->text());
        }
    }
    TRY_ASSIGN(const auto channels, list_channels(files, layout));
    for (const auto& channel : channels) {
        TRY(copy_roots(files, layout.metadata(channel), root_texts));
        ChannelWork work(files, clock, layout, keys, options, roots, channel);
        TRY_ASSIGN(const bool is_complete, work.complete(waiting));
        if (is_complete) {
            TRY(work.write(roots_seen));
        }
    }
    if (root_waits) {
        waiting.push_back(*std::move(root_waits));
    } else if (root_draft) {
        TRY(publish_next_root(files, layout, channels, *root_draft, roots, waiting));
    }
    return waiting;
}

Result<void> draft_refresh(io::Files& files, io::Clock& clock, const Layout& layout,
                           const Channel& channel, std::string_view role,
                           const ExpirationPolicy& expiration)
{
    const auto now = now_of(clock);
    if (role == "targets") {
        TRY_ASSIGN(auto content, load_content(files, layout, channel));
        return draft_content(files, layout, channel, std::move(content), now + expiration.targets);
    }
    TRY_ASSIGN(const auto published, load_published(files, layout, channel));
    if (!published.timestamp) {
        return fail(Errc::not_found, "{} has published nothing yet", channel.str());
    }
    Json next;
    if (role == "snapshot") {
        auto snapshot = published.snapshot->part;
        ++snapshot.version;
        snapshot.expires = now + expiration.snapshot;
        next = tuf::write_snapshot(snapshot);
    } else {
        auto timestamp = published.timestamp->part;
        ++timestamp.version;
        timestamp.expires = now + expiration.timestamp;
        next = tuf::write_timestamp(timestamp);
    }
    TRY_ASSIGN(const auto document, tuf::Document::make(std::move(next)));
    return store_file(files, layout.drafts(channel) / tuf::cached_name(role), document.text());
}

} // namespace holdfast::publish
