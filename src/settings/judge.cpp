#include "settings/judge.hpp"

#include "settings/groups.hpp"
#include "settings/key/key.hpp"
#include "settings/suggest.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace holdfast::settings {

namespace {

using Path = std::vector<std::string>;

/// Why `key` cannot stand in `table`.
Problem unknown_key(const Node& root, const Node& table, const Path& path, const std::string& key)
{
    if (const auto* keyed = std::get_if<Keyed>(&table.shape)) {
        const auto accepted = keyed->accept_key(key);
        return {key_text(path),
                accepted.has_value() ? "expected a key of letters, digits, '_', '-', '/' and '.'"
                                     : "as a key, " + accepted.error().message(),
                {}};
    }
    if (path.size() == 2 && all_groups().contains(key)) {
        return {key_text(path), "not a setting of this variant", {}};
    }
    return {key_text(path), "unknown setting", suggestion(root, table, key)};
}

/// Walks a document and the tree of declarations together.
class Walk {
public:
    explicit Walk(const Node& root) : root_(root) {}

    Judged judge(const Json& settings)
    {
        walk(root_, settings);
        return std::move(judged_);
    }

private:
    void walk(const Node& node, const Json& json)
    {
        // As in the API, null says nothing: neither a value nor that there should be none.
        if (json.is_null()) {
            return;
        }
        if (const auto* leaf = std::get_if<Leaf>(&node.shape)) {
            take(*leaf, json);
        } else if (json.is_object()) {
            walk_members(node, json);
        } else {
            refuse("expected a table of settings");
        }
    }

    void walk_members(const Node& node, const Json& object)
    {
        for (const auto& [key, value] : object.items()) {
            const auto* next = child(node, key);
            const bool keyed = std::holds_alternative<Keyed>(node.shape);
            path_.push_back(next == nullptr || keyed ? key : next->name);
            if (next != nullptr) {
                walk(*next, value);
            } else {
                judged_.problems.push_back(unknown_key(root_, node, path_, key));
            }
            path_.pop_back();
        }
    }

    void take(const Leaf& leaf, const Json& json)
    {
        const auto key = Key::of(path_);
        if (!key.has_value()) {
            refuse(key.error().message());
            return;
        }
        const auto value = leaf.accept(json);
        if (!value.has_value()) {
            refuse(value.error().message());
            return;
        }
        judged_.values[key->str()] = to_text(*value);
    }

    void refuse(std::string message)
    {
        judged_.problems.push_back({key_text(path_), std::move(message), {}});
    }

    const Node& root_;
    Path path_{"settings"};
    Judged judged_;
};

template <typename Number>
void add_number(std::string_view text, std::vector<Json>& readings)
{
    Number number{};
    const auto* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem == std::errc{} && stop == end) {
        if constexpr (std::is_floating_point_v<Number>) {
            if (!std::isfinite(number)) {
                return;
            }
        }
        readings.emplace_back(number);
    }
}

/// All that a value can mean, in the order in which the API tries: the setting's type takes the
/// first that fits. So 42 is a number for a number, and a text for a text; a list is given as JSON.
std::vector<Json> readings_of(std::string_view text)
{
    std::vector<Json> readings;
    if (text == "true" || text == "false") {
        readings.emplace_back(text == "true");
    }
    add_number<std::uint64_t>(text, readings);
    add_number<std::int64_t>(text, readings);
    add_number<double>(text, readings);
    readings.emplace_back(text);
    if (text.starts_with('[')) {
        if (auto list = parse_json(text)) {
            readings.push_back(*std::move(list)); // Last: what is wrong with an item is told.
        }
    }
    return readings;
}

Failure<Error> refusal(const Problem& problem)
{
    return fail(Errc::invalid, "{}", to_text(problem));
}

} // namespace

Judged judge(const Node& root, const Json& settings)
{
    return Walk(root).judge(settings);
}

Result<Values> judge_pair(const Node& root, std::string_view pair)
{
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) {
        return fail(Errc::invalid, "expected KEY=VALUE");
    }
    std::string name(pair.substr(0, equals));
    if (!name.starts_with("settings.")) {
        name.insert(0, "settings.");
    }
    TRY_ASSIGN(const auto key, Key::parse(name));

    const auto* node = &root;
    Path path{"settings"};
    for (std::size_t i = 1; i < key.segments().size(); ++i) {
        const auto& segment = key.segments()[i];
        const auto* next = child(*node, segment);
        path.push_back(next == nullptr || next->name.empty() ? segment : next->name);
        if (next == nullptr) {
            return refusal(unknown_key(root, *node, path, segment));
        }
        node = next;
    }
    const auto* leaf = std::get_if<Leaf>(&node->shape);
    if (leaf == nullptr) {
        return refusal({key_text(path), "expected the name of one setting, this is a table", {}});
    }

    const std::string text(pair.substr(equals + 1));
    if (!is_utf8(text)) { // A command line may hold anything.
        return refusal({key_text(path), "expected UTF-8 text", {}});
    }
    TRY_ASSIGN(const auto stored_name, Key::of(path));
    Result<Json> value = fail(Errc::invalid, "no value");
    for (const auto& reading : readings_of(text)) {
        value = leaf->accept(reading);
        if (value.has_value()) {
            return Values{{stored_name.str(), holdfast::to_text(*value)}};
        }
    }
    return refusal({key_text(path), value.error().message(), {}});
}

std::string summary(const std::vector<Problem>& problems)
{
    constexpr std::size_t shown = 5;
    std::string text;
    for (std::size_t i = 0; i < problems.size() && i < shown; ++i) {
        text += text.empty() ? "" : "; ";
        text += to_text(problems[i]);
    }
    if (problems.size() > shown) {
        text += std::format("; and {} more", problems.size() - shown);
    }
    return text;
}

std::string to_text(const Problem& problem)
{
    auto text = std::format("{}: {}", problem.key, problem.message);
    if (!problem.did_you_mean.empty()) {
        text += std::format(" (did you mean {}?)", problem.did_you_mean);
    }
    return text;
}

} // namespace holdfast::settings
