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

/// Takes the rows within `from` out; they stand under the names that they have within `to`.
Rows take_moved(const Segments& from, const Segments& to, Rows& rows, const Shared& staying)
{
    Rows taken;
    for (auto row = rows.begin(); row != rows.end();) {
        const auto& [name, source] = row->first;
        const auto key = segments_of(name);
        const auto shared = staying.find(name);
        if (!is_within(key, from) ||
            (shared != staying.end() && !shared->second.contains(source))) {
            ++row;
            continue;
        }
        taken.emplace(std::pair(moved(key, from.size(), to), source), std::move(row->second));
        row = rows.erase(row);
    }
    return taken;
}

/// Moves rows from one name to another. A row that is in the way goes to `lost`.
Shared move_forward(const Rename& step, Rows& rows, Rows& lost)
{
    const auto target = segments_of(step.to);
    auto taken = take_moved(segments_of(step.from), target, rows, {});
    Shared shared;
    for (const auto& [place, stored] : rows) {
        if (is_within(segments_of(place.first), target)) {
            shared[place.first];
        }
    }
    for (auto& [place, stored] : taken) {
        if (const auto old = rows.find(place); old != rows.end()) {
            lost.emplace(place, old->second);
        }
        if (const auto key = shared.find(place.first); key != shared.end()) {
            key->second.insert(place.second);
        }
        rows.insert_or_assign(place, std::move(stored));
    }
    return shared;
}

void move_backward(const Rename& step, Rows& rows, const Shared& shared)
{
    auto taken = take_moved(segments_of(step.to), segments_of(step.from), rows, shared);
    for (auto& [place, stored] : taken) {
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
    std::size_t number; ///< Of the step.
    Rows& rows;
    Traces& traces;
    void operator()(const Rename& step) const
    {
        if (auto shared = move_forward(step, rows, traces.lost); !shared.empty()) {
            traces.shared.emplace(number, std::move(shared));
        }
    }
    void operator()(const Remove& step) const { remove(step.key, rows, traces.lost); }
    void operator()(const ChangeDefault& step) const
    {
        replace_default(step.key, step.before, step.after, rows);
    }
    void operator()(const MapValue& step) const { map_values(step, true, rows); }
};

struct Backward {
    std::size_t number;
    Rows& rows;
    const Traces& traces;
    void operator()(const Rename& step) const
    {
        const auto shared = traces.shared.find(number);
        move_backward(step, rows, shared == traces.shared.end() ? Shared() : shared->second);
    }
    void operator()(const Remove&) const {} // What it took comes back from `lost`.
    void operator()(const ChangeDefault& step) const
    {
        replace_default(step.key, step.after, step.before, rows);
    }
    void operator()(const MapValue& step) const { map_values(step, false, rows); }
};

} // namespace

Traces apply(const Migration& migration, Rows& rows)
{
    Traces traces;
    for (std::size_t number = 0; number < migration.steps.size(); ++number) {
        std::visit(Forward{number, rows, traces}, migration.steps[number]);
    }
    return traces;
}

void undo(const Migration& migration, const Traces& traces, Rows& rows)
{
    for (auto number = migration.steps.size(); number-- > 0;) {
        std::visit(Backward{number, rows, traces}, migration.steps[number]);
    }
    for (const auto& row : traces.lost) {
        rows.insert(row);
    }
}

} // namespace holdfast::store
