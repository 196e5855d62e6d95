#include "update/repository/channel_state.hpp"

#include "crypto/sha256.hpp"
#include "update/tuf/decode.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/names.hpp"

#include <algorithm>
#include <set>

namespace holdfast::publish {

namespace {

constexpr std::size_t largest_document = 64U << 20;

/// Nothing where there is no such file.
template <typename Part>
Result<std::optional<Stored<Part>>> load(io::Files& files, const std::filesystem::path& path,
                                         Result<Part> (*read)(const Json&))
{
    auto text = files.read(path, largest_document);
    if (!text.has_value() && text.error().code() == Errc::not_found) {
        return std::optional<Stored<Part>>();
    }
    TRY(text);
    TRY_ASSIGN(auto document, tuf::Document::parse(*text, largest_document).while_(path.native()));
    TRY_ASSIGN(auto part, read(document.signed_part()).while_(path.native()));
    return std::optional(Stored<Part>{*std::move(text), std::move(document), std::move(part)});
}

template <typename Part>
void drop_where_published(std::optional<Stored<Part>>& draft,
                          const std::optional<Stored<Part>>& published)
{
    if (draft && published && draft->part.version <= published->part.version) {
        draft.reset();
    }
}

/// What else may lie there is none of ours: drafts of roots, what a power cut left of a file, a note.
Result<std::vector<std::string>> folders_in(io::Files& files, const std::filesystem::path& folder)
{
    if (!files.exists(folder)) {
        return std::vector<std::string>();
    }
    TRY_ASSIGN(auto names, files.list(folder));
    std::erase_if(names, [&](const auto& name) {
        return name.starts_with('.') || !files.is_directory(folder / name);
    });
    return names;
}

} // namespace

Result<std::vector<Channel>> list_channels(io::Files& files, const Layout& layout)
{
    std::set<Channel> channels;
    for (const auto& top : {layout.all_metadata(), layout.root_draft().parent_path()}) {
        TRY_ASSIGN(const auto variants, folders_in(files, top));
        for (const auto& variant : variants) {
            TRY_ASSIGN(const auto architectures, folders_in(files, top / variant));
            for (const auto& arch : architectures) {
                channels.insert({.variant = variant, .arch = arch});
            }
        }
    }
    return std::vector<Channel>(channels.begin(), channels.end());
}

bool is_published(io::Files& files, const Layout& layout, const Channel& channel)
{
    return files.exists(layout.metadata(channel) / "timestamp.json");
}

Result<Documents> load_published(io::Files& files, const Layout& layout, const Channel& channel)
{
    const auto folder = layout.metadata(channel);
    Documents found;
    TRY_ASSIGN(found.timestamp, load(files, folder / "timestamp.json", tuf::read_timestamp));
    if (!found.timestamp) {
        return found;
    }
    const auto snapshot = found.timestamp->part.snapshot.version;
    TRY_ASSIGN(found.snapshot,
               load(files, folder / tuf::published_name("snapshot", snapshot), tuf::read_snapshot));
    const auto targets = found.snapshot
                             ? found.snapshot->part.meta.find("targets.json")
                             : std::map<std::string, tuf::MetaFile, std::less<>>::const_iterator();
    if (!found.snapshot || targets == found.snapshot->part.meta.end()) {
        return fail(Errc::corrupt, "{}: the snapshot is missing or empty", folder.native());
    }
    TRY_ASSIGN(found.targets,
               load(files, folder / tuf::published_name("targets", targets->second.version),
                    tuf::read_targets));
    if (!found.targets) {
        return fail(Errc::corrupt, "{}: targets.json is missing", folder.native());
    }
    return found;
}

Result<Documents> load_drafts(io::Files& files, const Layout& layout, const Channel& channel,
                              const Documents& published)
{
    const auto folder = layout.drafts(channel);
    Documents found;
    TRY_ASSIGN(found.targets, load(files, folder / "targets.json", tuf::read_targets));
    TRY_ASSIGN(found.snapshot, load(files, folder / "snapshot.json", tuf::read_snapshot));
    TRY_ASSIGN(found.timestamp, load(files, folder / "timestamp.json", tuf::read_timestamp));
    drop_where_published(found.targets, published.targets);
    drop_where_published(found.snapshot, published.snapshot);
    drop_where_published(found.timestamp, published.timestamp);
    return found;
}

Result<Content> load_content(io::Files& files, const Layout& layout, const Channel& channel)
{
    TRY_ASSIGN(const auto published, load_published(files, layout, channel));
    TRY_ASSIGN(const auto drafts, load_drafts(files, layout, channel, published));
    const auto& source = drafts.targets ? drafts.targets : published.targets;
    Content content;
    if (!source) {
        return content;
    }
    content.targets = source->part;
    TRY_ASSIGN(content.manifest, load_manifest(files, layout, content.targets));
    return content;
}

Result<update::Manifest> load_manifest(io::Files& files, const Layout& layout,
                                       const tuf::Targets& targets)
{
    const auto target = targets.targets.find(update::manifest_target);
    if (target == targets.targets.end()) {
        return update::Manifest();
    }
    TRY_ASSIGN(const auto name, tuf::published_target(target->second, true));
    TRY_ASSIGN(const auto text, files.read(layout.targets() / name));
    return update::parse_manifest(text);
}

tuf::Version next_version(tuf::Version previous, tuf::Time now)
{
    const auto seconds = std::max<std::int64_t>(now.time_since_epoch().count(), 0);
    return std::max(previous + 1, static_cast<tuf::Version>(seconds));
}

Result<void> draft_content(io::Files& files, const Layout& layout, const Channel& channel,
                           Content content, tuf::Time now, std::chrono::seconds lifetime)
{
    TRY_ASSIGN(const auto published, load_published(files, layout, channel));
    TRY_ASSIGN(const auto manifest, store_manifest(content));
    TRY(store_target(files, layout, content.targets.targets.find(update::manifest_target)->second,
                     manifest));
    content.targets.version =
        next_version(published.targets ? published.targets->part.version : 0, now);
    content.targets.expires = now + lifetime;
    TRY_ASSIGN(const auto document, tuf::Document::make(tuf::write_targets(content.targets)));
    return store_file(files, layout.drafts(channel) / "targets.json", document.text());
}

Result<void> store_target(io::Files& files, const Layout& layout, const tuf::Target& target,
                          std::string_view content)
{
    TRY_ASSIGN(const auto expected, target.sha256());
    if (content.size() != target.length || crypto::sha256(content) != expected) {
        return fail(Errc::invalid, "{} is not what its build's manifest says", target.name);
    }
    TRY_ASSIGN(const auto name, tuf::published_target(target, true));
    const auto path = layout.targets() / name;
    if (files.exists(path)) {
        return {}; // Files get their names only when they are whole.
    }
    return store_file(files, path, content);
}

Result<void> store_file(io::Files& files, const std::filesystem::path& path,
                        std::string_view content)
{
    TRY(io::make_directories(files, path.parent_path()));
    return io::replace_file(files, path, content);
}

} // namespace holdfast::publish
