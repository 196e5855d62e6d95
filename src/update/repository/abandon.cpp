#include "update/repository/abandon.hpp"

#include "update/repository/roots.hpp"
#include "update/tuf/names.hpp"

namespace holdfast::publish {

namespace {

template <typename Part>
Result<void> remove_if_nothing_new(io::Files& files, const std::filesystem::path& file,
                                   const std::optional<Stored<Part>>& draft,
                                   const std::optional<Stored<Part>>& published)
{
    return draft && says_nothing_new(*draft, published) ? files.remove(file) : Result<void>();
}

} // namespace

Result<void> abandon_root(io::Files& files, const Layout& layout)
{
    TRY_ASSIGN(const auto draft, load_root_draft(files, layout));
    if (!draft) {
        return fail(Errc::not_found, "no root of {} waits", layout.folder().native());
    }
    TRY_ASSIGN(const auto channels, list_channels(files, layout));
    for (const auto& channel : channels) {
        TRY_ASSIGN(const auto published, load_published(files, layout, channel));
        TRY_ASSIGN(const auto drafts, load_drafts(files, layout, channel, published));
        const auto folder = layout.drafts(channel);
        TRY(remove_if_nothing_new(files, folder / "timestamp.json", drafts.timestamp,
                                  published.timestamp));
        TRY(remove_if_nothing_new(files, folder / "snapshot.json", drafts.snapshot,
                                  published.snapshot));
        TRY(remove_if_nothing_new(files, folder / "targets.json", drafts.targets,
                                  published.targets));
        if (files.exists(folder)) {
            TRY(files.flush_directory(folder));
        }
    }
    TRY(files.remove(layout.root_draft()));
    return files.flush_directory(layout.root_draft().parent_path());
}

Result<void> abandon_drafts(io::Files& files, const Layout& layout, const Channel& channel)
{
    const auto folder = layout.drafts(channel);
    bool is_any = false;
    // What refers to others goes before them.
    for (const auto* role : {"timestamp", "snapshot", "targets"}) {
        const auto file = folder / tuf::cached_name(role);
        is_any = is_any || files.exists(file);
        TRY(files.remove(file));
    }
    if (!is_any) {
        return fail(Errc::not_found, "nothing of {} waits", channel.str());
    }
    return files.flush_directory(folder);
}

} // namespace holdfast::publish
