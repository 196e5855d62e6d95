#include "update/repository/prune.hpp"

#include "update/repository/channel_state.hpp"
#include "update/tuf/names.hpp"

#include <set>

namespace holdfast::publish {

namespace {

Result<void> collect(std::set<std::string>& names, const Channel& channel,
                     const std::optional<Stored<tuf::Targets>>& targets)
{
    if (!targets) {
        return {};
    }
    if (!targets->part.delegations.empty()) {
        return fail(Errc::invalid, "{} delegates targets: only who signs those knows what they need",
                    channel.str());
    }
    for (const auto& [name, target] : targets->part.targets) {
        TRY_ASSIGN(auto file, tuf::published_target(target, true));
        names.insert(std::move(file));
    }
    return {};
}

Result<std::set<std::string>> names_in_use(io::Files& files, const Layout& layout)
{
    std::set<std::string> names;
    TRY_ASSIGN(const auto channels, list_channels(files, layout));
    for (const auto& channel : channels) {
        TRY_ASSIGN(const auto published, load_published(files, layout, channel));
        TRY_ASSIGN(const auto drafts, load_drafts(files, layout, channel, published));
        TRY(collect(names, channel, published.targets));
        TRY(collect(names, channel, drafts.targets));
    }
    return names;
}

} // namespace

Result<Pruned> prune(io::Files& files, const Layout& layout)
{
    if (!files.exists(layout.roots())) {
        return fail(Errc::not_found, "{} is no repository", layout.folder().native());
    }
    Pruned pruned;
    if (!files.exists(layout.targets())) {
        return pruned;
    }
    TRY_ASSIGN(const auto used, names_in_use(files, layout));
    TRY_ASSIGN(const auto names, files.list(layout.targets()));
    for (const auto& name : names) {
        if (!used.contains(name) && !files.is_directory(layout.targets() / name)) {
            TRY(files.remove(layout.targets() / name));
            pruned.push_back(name);
        }
    }
    TRY(files.flush_directory(layout.targets()));
    return pruned;
}

} // namespace holdfast::publish
