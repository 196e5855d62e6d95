#include "store/migration/steps.hpp"

#include <algorithm>
#include <ranges>

namespace holdfast::store {

namespace {

using Segments = std::vector<std::string>;

/// Of a key of a store, which is well-formed.
Segments segments_of(const std::string& text)
{
    const auto key = Key::parse(text);
    return key.has_value() ? key->segments() : Segments{text};
}

/// Of a key in a migration, where "*" stands for any one segment.
Segments pattern_of(const std::string& text)
{
    // No segment of a key can hold a star. So that the dots are found as in any key, another text
    // stands for it until they are.
    constexpr std::string_view star = "/any/";
    std::string plain;
    for (const char letter : text) {
        plain += letter == '*' ? std::string(star) : std::string(1, letter);
    }
    auto segments = segments_of(plain);
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
    const auto pattern = pattern_of(key);
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

/// A step that changes values where they stand.
struct ValueStep {
    Segments pattern;
    std::vector<MapValue::Pair> pairs;
    bool spares_choices = false; ///< What a person has set stays.

    explicit ValueStep(const ChangeDefault& step)
        : pattern(pattern_of(step.key)), pairs{{step.before, step.after}}, spares_choices(true)
    {
    }
    explicit ValueStep(const MapValue& step) : pattern(pattern_of(step.key)), pairs(step.values) {}

    /// Exactly this key, not what is below it.
    bool is_about(const Place& place) const
    {
        const auto key = segments_of(place.first);
        return key.size() == pattern.size() && is_within(key, pattern) &&
               (!spares_choices || nobody_chose(place.second));
    }
    /// All pairs at once: a → b and b → c must not make c of a.
    std::string forward(const std::string& text) const
    {
        return changed(text, &MapValue::Pair::before, &MapValue::Pair::after);
    }
    std::string backward(const std::string& text) const
    {
        return changed(text, &MapValue::Pair::after, &MapValue::Pair::before);
    }

private:
    std::string changed(const std::string& text, Json MapValue::Pair::* from,
                        Json MapValue::Pair::* to) const
    {
        const auto value = parse_json(text);
        const auto pair = value.has_value() ? std::ranges::find(pairs, *value, from) : pairs.end();
        return pair == pairs.end() ? text : to_text((*pair).*to);
    }
};

void change_values(const ValueStep& step, Rows& rows, std::map<Place, OddValue>& odd)
{
    for (auto& [place, stored] : rows) {
        if (step.is_about(place)) {
            const auto before = std::exchange(stored.value, step.forward(stored.value));
            if (step.backward(stored.value) != before) {
                odd.insert_or_assign(place, OddValue{before, stored.value});
            }
        }
    }
}

void change_values_back(const ValueStep& step, Rows& rows, const std::map<Place, OddValue>& odd)
{
    for (auto& [place, stored] : rows) {
        if (step.is_about(place)) {
            const auto known = odd.find(place);
            const bool is_odd = known != odd.end() && known->second.made == stored.value;
            stored.value = is_odd ? known->second.before : step.backward(stored.value);
        }
    }
}

struct Forward {
    Rows& rows;
    StepTraces& traces;
    void operator()(const Rename& step) const
    {
        traces.shared = move_forward(step, rows, traces.lost);
    }
    void operator()(const Remove& step) const { remove(step.key, rows, traces.lost); }
    void operator()(const ChangeDefault& step) const
    {
        change_values(ValueStep(step), rows, traces.odd);
    }
    void operator()(const MapValue& step) const
    {
        change_values(ValueStep(step), rows, traces.odd);
    }
};

struct Backward {
    Rows& rows;
    const StepTraces& traces;
    void operator()(const Rename& step) const { move_backward(step, rows, traces.shared); }
    void operator()(const Remove&) const {} // What it took comes back from `lost`.
    void operator()(const ChangeDefault& step) const
    {
        change_values_back(ValueStep(step), rows, traces.odd);
    }
    void operator()(const MapValue& step) const
    {
        change_values_back(ValueStep(step), rows, traces.odd);
    }
};

} // namespace

Traces apply(const Migration& migration, Rows& rows)
{
    Traces traces;
    for (std::size_t number = 0; number < migration.steps.size(); ++number) {
        StepTraces met;
        std::visit(Forward{rows, met}, migration.steps[number]);
        if (!met.lost.empty() || !met.shared.empty() || !met.odd.empty()) {
            traces.emplace(number, std::move(met));
        }
    }
    return traces;
}

void undo(const Migration& migration, const Traces& traces, Rows& rows)
{
    const StepTraces nothing;
    for (auto number = migration.steps.size(); number-- > 0;) {
        const auto found = traces.find(number);
        const auto& met = found == traces.end() ? nothing : found->second;
        std::visit(Backward{rows, met}, migration.steps[number]);
        // Under the names of this step: those before it have still to be taken back.
        for (const auto& row : met.lost) {
            rows.insert(row);
        }
    }
}

} // namespace holdfast::store
