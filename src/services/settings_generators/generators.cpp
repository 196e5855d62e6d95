#include "services/settings_generators/generators.hpp"

#include "api/client/launch.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "settings/key/key.hpp"

#include <algorithm>

namespace holdfast::settings_generators {

namespace {

using settings::Key;

constexpr int no_value = 2;
constexpr auto time_limit = std::chrono::seconds(360);
constexpr JsonLimits reply_limits{.bytes = 64U << 20, .depth = 64};

/// A word's state machine for split_command.
class Splitter {
public:
    void take(char c)
    {
        if (escaped_) {
            append(c);
            escaped_ = false;
        } else if (c == '\\' && quote_ != '\'') {
            escaped_ = true;
        } else if (quote_ != '\0') {
            c == quote_ ? void(quote_ = '\0') : append(c);
        } else if (c == '"' || c == '\'') {
            quote_ = c;
            in_word_ = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            end_word();
        } else {
            append(c);
        }
    }

    Result<std::vector<std::string>> finish()
    {
        if (quote_ != '\0' || escaped_) {
            return fail(Errc::invalid, "a quote is not closed");
        }
        end_word();
        if (words_.empty()) {
            return fail(Errc::invalid, "an empty command");
        }
        return std::move(words_);
    }

private:
    void append(char c)
    {
        word_ += c;
        in_word_ = true;
    }
    void end_word()
    {
        if (in_word_) {
            words_.push_back(std::exchange(word_, {}));
        }
        in_word_ = false;
    }

    std::vector<std::string> words_;
    std::string word_;
    bool in_word_ = false;
    bool escaped_ = false;
    char quote_ = '\0';
};

Result<Json> fetch(api::Client& client, const std::string& target)
{
    TRY_ASSIGN(const auto text, client.request("GET", target));
    return parse_json(text, reply_limits);
}

bool starts_with(const Key& key, const Key& start)
{
    const auto& all = key.segments();
    const auto& first = start.segments();
    return first.size() <= all.size() && std::equal(first.begin(), first.end(), all.begin());
}

/// {"a": {"b": value}} for settings.a.b: the body of a PATCH.
Json nested(const Key& key, Json value)
{
    const auto& segments = key.segments();
    for (std::size_t i = segments.size() - 1; i > 0; --i) {
        value = Json{{segments[i], std::move(value)}};
    }
    return value;
}

std::string text_at(const Json& settings, std::initializer_list<const char*> path)
{
    const Json* value = &settings;
    for (const auto* name : path) {
        const auto found = value->is_object() ? value->find(name) : value->end();
        if (!value->is_object() || found == value->end()) {
            return "";
        }
        value = &*found;
    }
    return value->is_string() ? value->get<std::string>() : "";
}

/// One generator from the question to the pending value.
Result<void> generate_one(api::Client& client, io::Processes& processes, const Key& key,
                          const Json& generator,
                          const std::map<std::string, std::string>& environment)
{
    const auto command = text_at(generator, {"command"});
    TRY_ASSIGN(auto value, run_generator(processes, command, environment));
    if (!value.has_value()) {
        log::info("no generated value", {{"key", key.str()}});
        return {};
    }
    TRY_ASSIGN(const auto words, split_command(command));
    const auto program = std::filesystem::path(words[0]).filename().native();
    const auto target =
        std::format("/settings?tx={}&source=generator&who={}&strength={}",
                    api::launch_transaction, program, text_at(generator, {"strength"}));
    TRY(client.request("PATCH", target, to_text(nested(key, *std::move(value)))));
    log::info("generated", {{"key", key.str()}, {"by", program}});
    return {};
}

Result<std::vector<Key>> populated_keys(api::Client& client)
{
    TRY_ASSIGN(const auto provenance, fetch(client, "/settings/provenance"));
    std::vector<Key> keys;
    for (const auto& [name, value] : provenance.items()) {
        TRY_ASSIGN(auto key, Key::parse(name));
        keys.push_back(std::move(key));
    }
    return keys;
}

} // namespace

Result<std::vector<std::string>> split_command(std::string_view command)
{
    Splitter splitter;
    for (const char c : command) {
        splitter.take(c);
    }
    return splitter.finish();
}

std::map<std::string, std::string> proxy_environment(const Json& settings)
{
    const auto proxy = text_at(settings, {"network", "https-proxy"});
    if (proxy.empty()) {
        return {};
    }
    std::vector<std::string> direct{"localhost", "127.0.0.1"};
    if (settings["network"].contains("no-proxy")) {
        for (const auto& entry : settings["network"]["no-proxy"]) {
            direct.push_back(entry.is_string() ? entry.get<std::string>() : to_text(entry));
        }
    }
    for (const auto* name : {"api-server", "cluster-domain"}) {
        if (auto host = text_at(settings, {"kubernetes", name}); !host.empty()) {
            direct.push_back(std::move(host));
        }
    }
    const auto no_proxy = join(direct, ",");
    return {{"HTTPS_PROXY", proxy},
            {"https_proxy", proxy},
            {"NO_PROXY", no_proxy},
            {"no_proxy", no_proxy}};
}

Result<std::optional<Json>> run_generator(io::Processes& processes, const std::string& command,
                                          const std::map<std::string, std::string>& environment)
{
    TRY_ASSIGN(auto words, split_command(command));
    TRY_ASSIGN(const auto outcome, processes.run({.arguments = std::move(words),
                                                  .input = {},
                                                  .environment = environment,
                                                  .time_limit = time_limit}));
    if (outcome.exit_status == no_value) {
        return std::nullopt;
    }
    if (outcome.exit_status != 0) {
        return fail(Errc::io, "'{}' exited with status {}: {}", command, outcome.exit_status,
                    trimmed(outcome.errors));
    }
    TRY_ASSIGN(
        auto value,
        parse_json(trimmed(outcome.output)).while_(std::format("the output of '{}'", command)));
    return value;
}

Result<void> generate(api::Client& client, io::Processes& processes)
{
    TRY_ASSIGN(const auto generators, fetch(client, "/v2/metadata/setting-generators"));
    TRY_ASSIGN(const auto populated, populated_keys(client));
    TRY_ASSIGN(const auto settings, fetch(client, "/settings"));
    const auto environment = proxy_environment(settings);
    std::vector<std::string> problems;
    for (const auto& [name, generator] : generators.items()) {
        TRY_ASSIGN(const auto key, Key::parse(name));
        if (std::ranges::any_of(populated,
                                [&](const Key& other) { return starts_with(other, key); })) {
            continue;
        }
        const auto done = generate_one(client, processes, key, generator, environment);
        if (!done.has_value()) {
            problems.push_back(std::format("generating {}: {}", name, done.error().message()));
        }
    }
    if (!problems.empty()) {
        return fail(Errc::io, "{}", join(problems, "; "));
    }
    return {};
}

} // namespace holdfast::settings_generators
