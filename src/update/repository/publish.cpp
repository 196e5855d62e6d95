#include "update/repository/publish.hpp"

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
        ChannelWork work(files, now_of(clock), layout, keys, options, roots, channel);
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
