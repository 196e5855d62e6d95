#include "api/client/commands.hpp"

#include "base/text.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace holdfast::api {

namespace {

struct GetOptions {
    std::vector<std::string> prefixes;
    std::vector<std::string> excluded;
    bool canonical = false;

    bool is_uri() const { return !prefixes.empty() && prefixes[0].starts_with('/'); }
};

Fallible<GetOptions, CommandProblem> parse_get(Arguments arguments)
{
    GetOptions options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        if (word == "--canonicalize") {
            options.canonical = true;
        } else if (word == "--exclude") {
            if (i + 1 == arguments.size()) {
                return misuse("Did not give argument to --exclude");
            }
            options.excluded.push_back(arguments[++i]);
        } else if (word.starts_with('-')) {
            return misuse("Unknown argument '" + word + "'");
        } else {
            options.prefixes.push_back(word);
        }
    }
    const auto is_uri = [](const std::string& word) { return word.starts_with('/'); };
    if (std::ranges::any_of(options.prefixes, is_uri) &&
        (options.prefixes.size() != 1 || !options.excluded.empty())) {
        return misuse("A URI stands alone: no prefixes and no --exclude with it");
    }
    if (options.prefixes.empty()) {
        options.prefixes = {"os.", "settings."};
    }
    return options;
}

/// Objects merge; anything else is replaced.
void merge(Json& into, const Json& from)
{
    if (!into.is_object() || !from.is_object()) {
        into = from;
        return;
    }
    for (const auto& [key, value] : from.items()) {
        merge(into[key], value);
    }
}

std::string quoted(const std::string& segment)
{
    return segment.contains('.') ? "\"" + segment + "\"" : segment;
}

/// Takes out what an excluded prefix names, and objects that this leaves empty.
void exclude(Json& object, const std::vector<std::string>& prefixes, const std::string& path)
{
    for (auto entry = object.begin(); entry != object.end();) {
        const auto name = path + quoted(entry.key());
        const bool named = std::ranges::any_of(
            prefixes, [&](const std::string& prefix) { return name.starts_with(prefix); });
        const bool was_filled = entry->is_object() && !entry->empty();
        if (!named && was_filled) {
            exclude(*entry, prefixes, name + ".");
        }
        entry = named || (was_filled && entry->empty()) ? object.erase(entry) : std::next(entry);
    }
}

std::string shown(const Json& value, bool canonical)
{
    return (canonical ? to_text(value) : to_pretty_text(value)) + "\n";
}

Result<Json> fetch(Client& client, const std::string& uri)
{
    TRY_ASSIGN(const auto body, client.request("GET", uri));
    return parse_json(body, {.bytes = 64U << 20, .depth = 64});
}

} // namespace

CommandOutcome run_get(Surroundings& world, Arguments arguments)
{
    TRY_ASSIGN(const auto options, parse_get(arguments));
    if (options.is_uri()) {
        TRY_ASSIGN(const auto reply, fetch(world.client, options.prefixes[0]));
        return CommandResult{shown(reply, options.canonical), ""};
    }
    Json merged = Json::object();
    for (const auto& prefix : options.prefixes) {
        TRY_ASSIGN(const auto reply, fetch(world.client, "/?prefix=" + percent_encoded(prefix)));
        merge(merged, reply);
    }
    exclude(merged, options.excluded, "");
    return CommandResult{shown(merged, options.canonical), ""};
}

} // namespace holdfast::api
