#include "settings/suggest.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace holdfast::settings {

namespace {

std::string nearest_name(const Branch& table, std::string_view unknown)
{
    // About one slip in two to three characters (two letters swapped count as two); beyond that a
    // guess confuses.
    const auto farthest = std::max<std::size_t>(1, (unknown.size() + 2) / 3);
    std::string nearest;
    auto shortest = farthest + 1;
    for (const auto& candidate : table.children) {
        const auto longer = std::max(candidate.name.size(), unknown.size());
        const auto shorter = std::min(candidate.name.size(), unknown.size());
        // The distance is at least the difference in length; this bounds the work for long keys.
        if (longer - shorter >= shortest) {
            continue;
        }
        const auto distance = edit_distance(candidate.name, unknown);
        if (distance < shortest) {
            shortest = distance;
            nearest = candidate.name;
        }
    }
    return nearest;
}

std::string place_of(const Node& node, const std::string& path, std::string_view name)
{
    const auto* branch = std::get_if<Branch>(&node.shape);
    if (branch == nullptr) {
        return {};
    }
    for (const auto& next : branch->children) {
        const auto next_path = path.empty() ? next.name : path + "." + next.name;
        if (next.name == name) {
            return next_path;
        }
        if (auto place = place_of(next, next_path, name); !place.empty()) {
            return place;
        }
    }
    return {};
}

} // namespace

std::string suggestion(const Node& root, const Node& table, std::string_view unknown)
{
    std::string nearest;
    if (const auto* branch = std::get_if<Branch>(&table.shape)) {
        nearest = nearest_name(*branch, unknown);
    }
    return nearest.empty() ? place_of(root, "", unknown) : nearest;
}

} // namespace holdfast::settings
