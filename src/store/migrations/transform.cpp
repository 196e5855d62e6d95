#include "store/migrations/transform.hpp"

#include "toml/toml.hpp"

#include <algorithm>
#include <optional>
#include <ranges>

namespace holdfast::store::migrations {

namespace {

// Sources whose values no person chose (store::Source).
constexpr std::int64_t default_source = 0;
constexpr std::int64_t generator_source = 1;

// ---- reading a declaration ----

Result<Key> key_member(const Json& object, const char* name)
{
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) {
        return fail(Errc::invalid, "`{}`: expected a key", name);
    }
    TRY_ASSIGN(auto key, Key::parse(found->get<std::string>()).while_(name));
    if (key.segments().size() < 2 || key.segments().front() != "settings") {
        return fail(Errc::invalid, "`{}`: expected a key below settings", name);
    }
    return key;
}

bool have_same_parent(const Key& a, const Key& b)
{
    const auto parent = [](const Key& key) {
        return std::vector(key.segments().begin(), key.segments().end() - 1);
    };
    return parent(a) == parent(b);
}

Result<Transform> parse_move(const Json& object, bool within_parent)
{
    TRY_ASSIGN(auto from, key_member(object, "from"));
    TRY_ASSIGN(auto to, key_member(object, "to"));
    if (within_parent && !have_same_parent(from, to)) {
        return fail(Errc::invalid, "a rename changes the last part only; this is a move");
    }
    return Move{std::move(from), std::move(to)};
}

Result<Transform> parse_change_default(const Json& object)
{
    TRY_ASSIGN(auto key, key_member(object, "key"));
    if (!object.contains("before") || !object.contains("after")) {
        return fail(Errc::invalid, "expected `before` and `after`");
    }
    return ChangeDefault{std::move(key), object["before"], object["after"]};
}

Result<Transform> parse_map(const Json& object)
{
    TRY_ASSIGN(auto key, key_member(object, "key"));
    const auto values = object.find("values");
    if (values == object.end() || !values->is_array() || values->empty()) {
        return fail(Errc::invalid, "`values`: expected pairs");
    }
    MapValues map{.key = std::move(key), .values = {}};
    for (const auto& pair : *values) {
        if (!pair.is_array() || pair.size() != 2) {
            return fail(Errc::invalid, "`values`: expected pairs");
        }
        map.values.emplace_back(pair[0], pair[1]);
    }
    return map;
}

Result<Transform> parse_transform(const Json& object)
{
    const auto kind = object.is_object() ? object.value("kind", Json()) : Json();
    if (kind == Json("rename") || kind == Json("move")) {
        return parse_move(object, kind == Json("rename"));
    }
    if (kind == Json("remove")) {
        TRY_ASSIGN(auto key, key_member(object, "key"));
        return Remove{std::move(key)};
    }
    if (kind == Json("add")) {
        TRY_ASSIGN(auto key, key_member(object, "key"));
        return Add{std::move(key)};
    }
    if (kind == Json("change-default")) {
        return parse_change_default(object);
    }
    if (kind == Json("map")) {
        return parse_map(object);
    }
    return fail(Errc::invalid,
                "`kind`: expected rename, move, remove, add, change-default or map");
}

// ---- running it ----

/// What of `key` lies below `table`, with its leading dot or nothing; nothing at all where it lies
/// elsewhere. Both in canonical spelling, so text is enough.
std::optional<std::string> tail_below(const Key& table, const std::string& key)
{
    const auto& name = table.str();
    if (!key.starts_with(name) || (key.size() > name.size() && key[name.size()] != '.')) {
        return std::nullopt;
    }
    return key.substr(name.size());
}

/// Takes the rows at and below the key out of the others.
Rows take_below(Rows& rows, const Key& key)
{
    Rows taken;
    for (auto row = rows.begin(); row != rows.end();) {
        const auto next = std::next(row);
        if (tail_below(key, row->first.first)) {
            taken.insert(rows.extract(row));
        }
        row = next;
    }
    return taken;
}

void move_rows(Rows& rows, const Key& from, const Key& to)
{
    for (auto& [place, row] : take_below(rows, from)) {
        const auto tail = *tail_below(from, place.first);
        rows.insert_or_assign({to.str() + tail, place.second}, std::move(row));
    }
}

template <typename Choose>
void replace_values(Rows& rows, const Key& key, const Choose& replacement)
{
    for (auto& [place, row] : rows) {
        if (place.first != key.str()) {
            continue;
        }
        const auto value = parse_json(row.value);
        if (!value.has_value()) {
            continue; // Not ours to judge; the model will.
        }
        if (const std::optional<Json> other = replacement(place.second, *value)) {
            row.value = to_text(*other);
        }
    }
}

/// Runs transforms of one step.
class Runner {
public:
    Runner(Contents& contents, std::string step, Direction direction)
        : contents_(contents), step_(std::move(step)), forward_(direction == Direction::forward)
    {
    }

    void operator()(const Move& move)
    {
        forward_ ? move_rows(contents_.live, move.from, move.to)
                 : move_rows(contents_.live, move.to, move.from);
    }
    void operator()(const Remove& remove) { forward_ ? hide(remove.key) : restore(remove.key); }
    void operator()(const Add& add) { forward_ ? restore(add.key) : hide(add.key); }
    void operator()(const ChangeDefault& change)
    {
        const auto& from = forward_ ? change.before : change.after;
        const auto& to = forward_ ? change.after : change.before;
        replace_values(contents_.live, change.key,
                       [&](std::int64_t source, const Json& value) -> std::optional<Json> {
                           const bool is_chosen =
                               source != default_source && source != generator_source;
                           return !is_chosen && value == from ? std::optional(to) : std::nullopt;
                       });
    }
    void operator()(const MapValues& map)
    {
        replace_values(contents_.live, map.key,
                       [&](std::int64_t, const Json& value) -> std::optional<Json> {
                           for (const auto& [before, after] : map.values) {
                               if (value == (forward_ ? before : after)) {
                                   return forward_ ? after : before;
                               }
                           }
                           return std::nullopt;
                       });
    }

private:
    void hide(const Key& key)
    {
        auto taken = take_below(contents_.live, key);
        if (!taken.empty()) {
            contents_.set_aside[step_].merge(taken);
        }
    }
    void restore(const Key& key)
    {
        const auto found = contents_.set_aside.find(step_);
        if (found == contents_.set_aside.end()) {
            return;
        }
        auto back = take_below(found->second, key);
        contents_.live.merge(back); // What was set since then stays.
        if (found->second.empty()) {
            contents_.set_aside.erase(found);
        }
    }

    Contents& contents_;
    std::string step_;
    bool forward_;
};

} // namespace

Result<Step> parse_step(std::string name, std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml).while_(name));
    const auto version = document.find("version");
    const auto transforms = document.find("transforms");
    if (version == document.end() || !version->is_string()) {
        return fail(Errc::invalid, "{}: `version` is missing", name);
    }
    if (transforms == document.end() || !transforms->is_array()) {
        return fail(Errc::invalid, "{}: expected tables [[transforms]]", name);
    }
    TRY_ASSIGN(auto parsed, Version::parse(version->get<std::string>()).while_(name));
    Step step{.version = std::move(parsed),
              .name = std::move(name),
              .transforms = {},
              .text = std::string(toml)};
    for (const auto& entry : *transforms) {
        TRY_ASSIGN(auto transform,
                   parse_transform(entry).while_(std::format("{}: transform {}", step.name,
                                                             step.transforms.size() + 1)));
        step.transforms.push_back(std::move(transform));
    }
    return step;
}

void apply(const Step& step, Direction direction, Contents& contents)
{
    // A transform has a place of its own for what it sets aside.
    const auto run = [&](std::size_t number) {
        Runner runner(contents, std::format("{} {}", step.id(), number), direction);
        std::visit(runner, step.transforms[number]);
    };
    for (std::size_t i = 0; i < step.transforms.size(); ++i) {
        run(direction == Direction::forward ? i : step.transforms.size() - 1 - i);
    }
}

std::vector<const Step*> steps_between(const std::vector<Step>& steps, const Version& from,
                                       const Version& to)
{
    const auto& lower = std::min(from, to);
    const auto& upper = std::max(from, to);
    std::vector<const Step*> path;
    for (const auto& step : steps) {
        if (step.version > lower && step.version <= upper) {
            path.push_back(&step);
        }
    }
    std::ranges::sort(path, [](const Step* a, const Step* b) {
        return a->version != b->version ? a->version < b->version : a->name < b->name;
    });
    if (to < from) {
        std::ranges::reverse(path);
    }
    return path;
}

} // namespace holdfast::store::migrations
