#include "api/client/commands.hpp"

#include "json/json.hpp"

#include <array>

namespace holdfast::api {

namespace {

struct RawOptions {
    std::string uri;
    std::string method = "GET";
    std::string data;
};

Fallible<RawOptions, CommandProblem> parse_raw(Arguments arguments)
{
    RawOptions options;
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        const auto& option = arguments[i];
        std::string* value = nullptr;
        if (option == "-u" || option == "--uri") {
            value = &options.uri;
        } else if (option == "-m" || option == "-X" || option == "--method") {
            value = &options.method;
        } else if (option == "-d" || option == "--data") {
            value = &options.data;
        } else {
            return misuse("Unknown argument '" + option + "'");
        }
        if (i + 1 == arguments.size()) {
            return misuse("Did not give argument to " + option);
        }
        *value = arguments[i + 1];
    }
    if (options.uri.empty()) {
        return misuse("Missing required argument '--uri'");
    }
    return options;
}

/// The members of `settings` where there is that wrapper; what stands beside it stays.
Json unwrapped(Json document)
{
    const auto wrapper = document.find("settings");
    if (wrapper != document.end() && wrapper->is_object()) {
        const Json inside = *wrapper;
        document.erase("settings");
        document.merge_patch(inside);
    }
    return document;
}

CommandOutcome set_json(Surroundings& world, const std::string& text)
{
    auto document = parse_json(text);
    if (!document.has_value()) {
        return Failure{std::move(document).error()};
    }
    if (!document->is_object()) {
        return misuse("--json takes a JSON object");
    }
    TRY(change_settings(world, "apiclient-set",
                        {{"/settings", to_text(unwrapped(*std::move(document)))}}));
    return CommandResult{};
}

CommandOutcome set_pairs(Surroundings& world, Arguments pairs)
{
    for (const auto& pair : pairs) {
        // JSON would carry a replacement for each wrong byte, and the machine would store that.
        if (!is_utf8(pair)) {
            return misuse("The value of '" + pair.substr(0, pair.find('=')) + "' is no UTF-8 text");
        }
    }
    const Json body = {{"request_payload", std::vector(pairs.begin(), pairs.end())}};
    TRY(change_settings(world, "apiclient-set", {{"/settings/keypair", to_text(body)}}));
    return CommandResult{};
}

Result<void> patch_and_commit(Client& client, const std::vector<Patch>& patches,
                              const std::string& transaction)
{
    for (const auto& patch : patches) {
        TRY(client.demand("PATCH", patch.path + "?tx=" + transaction, patch.body));
    }
    TRY(client.demand("POST", "/tx/commit_and_apply?tx=" + transaction));
    return {};
}

} // namespace

Result<void> change_settings(Surroundings& world, std::string_view purpose,
                             const std::vector<Patch>& patches)
{
    const auto transaction = new_transaction(world.random, purpose);
    auto done = patch_and_commit(world.client, patches, transaction);
    if (!done.has_value()) {
        // Best effort: nobody can use its name again, and a restart of the server forgets it too.
        static_cast<void>(world.client.exchange("DELETE", "/tx?tx=" + transaction).has_value());
    }
    return done;
}

Failure<Misuse> misuse(std::string message)
{
    return Failure{Misuse{std::move(message)}};
}

std::string new_transaction(io::Random& random, std::string_view purpose)
{
    return std::format("{}-{}", purpose, io::random_alphanumerics(random, 16));
}

CommandOutcome run_raw(Surroundings& world, Arguments arguments)
{
    TRY_ASSIGN(const auto options, parse_raw(arguments));
    TRY_ASSIGN(auto body, world.client.request(options.method, options.uri, options.data));
    if (!body.empty()) {
        body += '\n';
    }
    return CommandResult{std::move(body), ""};
}

CommandOutcome run_set(Surroundings& world, Arguments arguments)
{
    std::optional<std::string> json;
    std::vector<std::string> pairs;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        if (word == "-j" || word == "--json") {
            if (json.has_value() || i + 1 == arguments.size()) {
                return misuse("--json stands once, with its argument");
            }
            json = arguments[++i];
        } else if (word.starts_with('-')) {
            return misuse("Unknown argument '" + word + "'");
        } else if (!word.contains('=')) {
            return misuse("Expected KEY=VALUE, not '" + word + "'");
        } else {
            pairs.push_back(word);
        }
    }
    if (json.has_value() == !pairs.empty()) {
        return misuse("Give either KEY=VALUE settings or --json");
    }
    return json.has_value() ? set_json(world, *json) : set_pairs(world, pairs);
}

CommandOutcome run_unset(Surroundings& world, Arguments arguments)
{
    std::vector<std::string> keys;
    for (const auto& word : arguments) {
        if (word.starts_with('-')) {
            return misuse("Unknown argument '" + word + "'");
        }
        const bool is_full = word == "settings" || word.starts_with("settings.");
        keys.push_back(is_full ? word : "settings." + word);
    }
    if (keys.empty()) {
        return misuse("Give at least one key");
    }
    TRY(world.client.demand("POST", "/actions/unset", to_text(Json{{"keys", keys}})));
    return CommandResult{};
}

CommandOutcome run_reboot(Surroundings& world, Arguments arguments)
{
    if (!arguments.empty()) {
        return misuse("reboot takes no arguments");
    }
    TRY(world.client.demand("POST", "/actions/reboot"));
    return CommandResult{"", "Rebooting, goodbye..."};
}

CommandOutcome (*find_command(std::string_view name))(Surroundings&, Arguments)
{
    struct Entry {
        std::string_view name;
        CommandOutcome (*run)(Surroundings&, Arguments);
    };
    static constexpr std::array<Entry, 7> commands{{{"raw", run_raw},
                                                    {"get", run_get},
                                                    {"set", run_set},
                                                    {"unset", run_unset},
                                                    {"apply", run_apply},
                                                    {"reboot", run_reboot},
                                                    {"update", run_update}}};
    for (const auto& entry : commands) {
        if (entry.name == name) {
            return entry.run;
        }
    }
    return nullptr;
}

} // namespace holdfast::api
