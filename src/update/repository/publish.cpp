#include "update/repository/publish.hpp"

#include "update/repository/acceptance.hpp"
#include "update/repository/channel_work.hpp"
#include "update/tuf/decode.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/names.hpp"
#include "update/tuf/trusted_metadata.hpp"

namespace holdfast::publish {

namespace {

tuf::Time now_of(io::Clock& clock)
{
    return std::chrono::floor<std::chrono::seconds>(clock.now());
}

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
Result<bool> publish_first_root(io::Files& files, tuf::Time now, const Layout& layout,
                                const KeyRing& keys, std::vector<Waiting>& waiting)
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
    TRY(check_roots({draft->text()}, now).while_("machines would refuse the first root"));
    TRY(store_file(files, layout.roots() / tuf::published_name("root", 1), draft->text()));
    TRY(files.remove(layout.root_draft()));
    return true;
}

/// Completes and publishes what can be of one channel. `seen_roots`: those that a machine goes
/// through before it looks; nothing where it would stop at one that has expired.
Result<void> publish_channel(ChannelWork& work, const Channel& channel,
                             const std::optional<std::vector<std::string>>& seen_roots,
                             std::vector<Waiting>& waiting)
{
    for (;;) {
        std::vector<Waiting> incomplete;
        TRY_ASSIGN(const bool is_complete, work.complete(incomplete));
        if (is_complete && seen_roots) {
            TRY(work.write(*seen_roots));
            continue;
        }
        waiting.insert(waiting.end(), incomplete.begin(), incomplete.end());
        if (is_complete) {
            waiting.push_back({.document = channel.str(),
                               .reason = "the root has expired, and the next one waits"});
        }
        return {};
    }
}

/// `draft` is complete, and follows the last of `machine_roots`.
Result<void> publish_next_root(io::Files& files, tuf::Time now, const Layout& layout,
                               const std::vector<Channel>& channels, const tuf::Document& draft,
                               const Roots& roots, std::vector<std::string> machine_roots,
                               std::vector<Waiting>& waiting)
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
    machine_roots.push_back(draft.text());
    TRY(check_roots(machine_roots, now).while_("machines would refuse the new root"));
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
    const auto now = now_of(clock);
    std::vector<Waiting> waiting;
    TRY_ASSIGN(const bool has_root, publish_first_root(files, now, layout, keys, waiting));
    if (!has_root) {
        return waiting;
    }
    TRY_ASSIGN(const auto root_texts, load_roots(files, layout));
    TRY_ASSIGN(const auto machine_roots, roots_of_machine(files, options.shipped_root, root_texts));
    Roots roots;
    TRY_ASSIGN(roots.current, load_current_root(files, layout));
    roots.has_expired = roots.current.expires <= now;
    TRY_ASSIGN(auto root_draft, load_root_draft(files, layout));
    std::optional<Waiting> root_waits;
    std::optional seen_roots = machine_roots;
    if (root_draft) {
        TRY_ASSIGN(roots.next, tuf::read_root(root_draft->signed_part()));
        TRY_ASSIGN(root_waits, complete_root(files, layout, keys, *root_draft, &roots.current));
        if (roots.has_expired && root_waits) {
            seen_roots.reset();
        } else if (roots.has_expired) {
            seen_roots->push_back(root_draft->text()); // It follows at once.
        }
    }
    TRY_ASSIGN(const auto channels, list_channels(files, layout));
    for (const auto& channel : channels) {
        TRY(copy_roots(files, layout.metadata(channel), root_texts));
        ChannelWork work(files, now, layout, keys, options, roots, channel);
        TRY(publish_channel(work, channel, seen_roots, waiting));
    }
    if (root_waits) {
        waiting.push_back(*std::move(root_waits));
    } else if (root_draft) {
        TRY(publish_next_root(files, now, layout, channels, *root_draft, roots, machine_roots,
                              waiting));
    }
    return waiting;
}

namespace {

/// Whether a draft shall go on waiting for signatures instead of being drafted anew without those
/// that it has: it says something new, and does so for half of its time yet.
template <typename Part>
bool is_worth_waiting_for(const std::optional<Stored<Part>>& draft,
                          const std::optional<Stored<Part>>& published, tuf::Time now,
                          std::chrono::seconds lifetime)
{
    return draft && !says_nothing_new(*draft, published) &&
           draft->part.expires >= now + lifetime / 2;
}

} // namespace

Result<void> draft_refresh(io::Files& files, io::Clock& clock, const Layout& layout,
                           const Channel& channel, std::string_view role,
                           const ExpirationPolicy& expiration)
{
    const auto now = now_of(clock);
    TRY_ASSIGN(const auto published, load_published(files, layout, channel));
    TRY_ASSIGN(const auto drafts, load_drafts(files, layout, channel, published));
    if (role == "targets" &&
        !is_worth_waiting_for(drafts.targets, published.targets, now, expiration.targets)) {
        TRY_ASSIGN(auto content, load_content(files, layout, channel));
        return draft_content(files, layout, channel, std::move(content), now, expiration.targets);
    }
    if (!published.timestamp) {
        return fail(Errc::not_found, "{} has published nothing yet", channel.str());
    }
    const auto store = [&](std::string_view name, Json next) -> Result<void> {
        TRY_ASSIGN(const auto document, tuf::Document::make(std::move(next)));
        return store_file(files, layout.drafts(channel) / tuf::cached_name(name), document.text());
    };
    if (role != "timestamp" &&
        !is_worth_waiting_for(drafts.snapshot, published.snapshot, now, expiration.snapshot)) {
        auto snapshot = published.snapshot->part;
        snapshot.version = next_version(snapshot.version, now);
        snapshot.expires = now + expiration.snapshot;
        return store("snapshot", tuf::write_snapshot(snapshot));
    }
    if (!is_worth_waiting_for(drafts.timestamp, published.timestamp, now, expiration.timestamp)) {
        auto timestamp = published.timestamp->part;
        timestamp.version = next_version(timestamp.version, now);
        timestamp.expires = now + expiration.timestamp;
        return store("timestamp", tuf::write_timestamp(timestamp));
    }
    return {};
}

} // namespace holdfast::publish
