#include "store/migration/steps.hpp"

#include <algorithm>
#include <ranges>

namespace holdfast::store {

namespace {

using Segments = std::vector<std::string>;

Segments segments_of(const std::string& text)
{
    // Keys of a store are well-formed, and so are those of a parsed migration but for "*", which
    // no segment can hold otherwise.
    constexpr std::string_view star = "/any/";
    std::string plain;
    for (const char letter : text) {
        plain += letter == '*' ? std::string(star) : std::string(1, letter);
    }
    const auto key = Key::parse(plain);
    Segments segments = key.has_value() ? key->segments() : Segments{text};
    std::ranges::replace(segments, std::string(star), std::string("*"));
    return segments;
}

/// Whether the key is what the pattern names, or lies below it.
bool is_within(const Segments& key, const Segments& pattern)
{
    return pattern.size() <= key.size() &&
           std::ranges::equal(pattern, key | std::views::take(pattern.size()),
                              [](const auto& wanted, const auto& found) {
                                  return wanted == "*" || wanted == found;
                              });
}

std::string moved(const Segments& key, std::size_t skipped, const Segments& to)
{
    Segments segments = to;
    segments.insert(segments.end(), key.begin() + static_cast<std::ptrdiff_t>(skipped), key.end());
    return settings::key_text(segments);
}

/// Moves rows from one name to another. A row that is in the way goes to `lost`.
void rename(const std::string& from, const std::string& to, Rows& rows, Rows& lost)
{
    const auto source = segments_of(from);
    const auto target = segments_of(to);
    Rows found;
    for (auto row = rows.begin(); row != rows.end();) {
        const auto key = segments_of(row->first.first);
        if (is_within(key, source)) {
            found.emplace(std::pair(moved(key, source.size(), target), row->first.second),
                          std::move(row->second));
            row = rows.erase(row);
        } else {
            ++row;
        }
    }
    for (auto& [place, stored] : found) {
        if (const auto old = rows.find(place); old != rows.end()) {
            lost.emplace(place, old->second);
        }
        rows.insert_or_assign(place, std::move(stored));
    }
}

void remove(const std::string& key, Rows& rows, Rows& lost)
{
    const auto pattern = segments_of(key);
    for (auto row = rows.begin(); row != rows.end();) {
        if (is_within(segments_of(row->first.first), pattern)) {
            lost.insert(*row);
            row = rows.erase(row);
        } else {
            ++row;
        }
    }
}

bool nobody_chose(Source source)
{
    return source == Source::defaults || source == Source::generator;
}

/// Replaces values of exactly this key that no person chose.
void replace_default(const std::string& key, const Json& before, const Json& after, Rows& rows)
{
    const auto pattern = segments_of(key);
    for (auto& [place, stored] : rows) {
        const auto name = segments_of(place.first);
        const auto value = parse_json(stored.value);
        if (nobody_chose(place.second) && name.size() == pattern.size() && is_within(name, pattern) &&
            value.has_value() && *value == before) {
            stored.value = to_text(after);
        }
    }
}

/// Forward and backward differ by which side of a pair is looked for. All pairs of a map at once:
/// a → b and b → c must not make c of a.
void map_values(const MapValue& map, bool forward, Rows& rows)
{
    const auto pattern = segments_of(map.key);
    for (auto& [place, stored] : rows) {
        const auto name = segments_of(place.first);
        const auto value = parse_json(stored.value);
        if (name.size() != pattern.size() || !is_within(name, pattern) || !value.has_value()) {
            continue;
        }
        const auto pair = std::ranges::find_if(map.values, [&](const MapValue::Pair& candidate) {
            return (forward ? candidate.before : candidate.after) == *value;
        });
        if (pair != map.values.end()) {
            stored.value = to_text(forward ? pair->after : pair->before);
        }
    }
}

struct Forward {
    Rows& rows;
    Rows& lost;
    void operator()(const Rename& step) const { rename(step.from, step.to, rows, lost); }
    void operator()(const Remove& step) const { remove(step.key, rows, lost); }
    void operator()(const ChangeDefault& step) const
    {
        replace_default(step.key, step.before, step.after, rows);
    }
    void operator()(const MapValue& step) const { map_values(step, true, rows); }
};

struct Backward {
    Rows& rows;
    void operator()(const Rename& step) const
    {
        Rows ignored;
        rename(step.to, step.from, rows, ignored);
    }
    void operator()(const Remove&) const {} // What it took comes back from `lost`.
    void operator()(const ChangeDefault& step) const
    {
        replace_default(step.key, step.after, step.before, rows);
    }
    void operator()(const MapValue& step) const { map_values(step, false, rows); }
};

} // namespace

Rows apply(const Migration& migration, Rows& rows)
{
    Rows lost;
    for (const auto& step : migration.steps) {
        std::visit(Forward{rows, lost}, step);
    }
    return lost;
}

void undo(const Migration& migration, const Rows& lost, Rows& rows)
{
    for (const auto& step : migration.steps | std::views::reverse) {
        std::visit(Backward{rows}, step);
    }
    for (const auto& row : lost) {
        rows.insert(row);
    }
}

} // namespace holdfast::store
