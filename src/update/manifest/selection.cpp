#include "update/manifest/selection.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

bool is_available(const Update& update, const Viewpoint& viewpoint)
{
    return update.variant == viewpoint.variant && update.arch == viewpoint.arch &&
           update.version <= update.max_version &&
           (viewpoint.ignore_waves || is_wave_ready(update.waves, viewpoint.seed, viewpoint.now));
}

/// The longest step from `from` that does not pass `to`; null when there is none.
const Migrations::value_type* longest_step(const Migrations& migrations, const Version& from,
                                           const Version& to)
{
    const Migrations::value_type* longest = nullptr;
    // Ordered by the first version, then the second: the last that fits is the longest.
    for (const auto& step : migrations) {
        if (step.first.first == from && step.first.second > from && step.first.second <= to) {
            longest = &step;
        }
    }
    return longest;
}

Result<std::vector<std::string>> upward_path(const Migrations& migrations, Version from,
                                             const Version& to)
{
    std::vector<std::string> path;
    while (from != to) {
        const auto* step = longest_step(migrations, from, to);
        if (step == nullptr) {
            return fail(Errc::not_found,
                        "the repository says no way to convert the settings from {} to {}",
                        from.str(), to.str());
        }
        path.insert(path.end(), step->second.begin(), step->second.end());
        from = step->first.second;
    }
    return path;
}

} // namespace

std::vector<Update> available_updates(const Manifest& manifest, const Viewpoint& viewpoint)
{
    std::vector<Update> available;
    std::ranges::copy_if(manifest.updates, std::back_inserter(available),
                         [&](const Update& update) { return is_available(update, viewpoint); });
    std::ranges::stable_sort(available, std::greater(), &Update::version);
    return available;
}

std::optional<Update> choose_update(const std::vector<Update>& available, const Version& current,
                                    const VersionLock& lock)
{
    if (lock.version()) {
        return *lock.version() == current ? std::nullopt : find_update(available, *lock.version());
    }
    const auto found = std::ranges::find_if(available, [&](const Update& update) {
        return current < update.version || current > update.max_version;
    });
    return found == available.end() ? std::nullopt : std::optional(*found);
}

std::optional<Update> find_update(const std::vector<Update>& available, const Version& version)
{
    const auto found = std::ranges::find(available, version, &Update::version);
    return found == available.end() ? std::nullopt : std::optional(*found);
}

Result<std::vector<std::string>> migration_path(const Migrations& migrations, const Version& from,
                                                const Version& to)
{
    if (from <= to) {
        return upward_path(migrations, from, to);
    }
    TRY_ASSIGN(auto path, upward_path(migrations, to, from));
    std::ranges::reverse(path);
    return path;
}

} // namespace holdfast::update
