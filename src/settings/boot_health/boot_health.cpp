#include "settings/boot_health/boot_health.hpp"

#include "settings/groups.hpp"

namespace holdfast::settings {

namespace {

constexpr std::size_t most_words = 64;
constexpr std::size_t most_bytes = 4096;

bool is_program_path(std::string_view word)
{
    return word.starts_with('/') && !word.ends_with('/');
}

} // namespace

Result<HealthCommand> Codec<HealthCommand>::read(const Json& json)
{
    if (!json.is_array() || json.empty()) {
        return fail(Errc::invalid, "expected a list of a program's absolute path and its "
                                   "arguments, such as [\"/usr/bin/apiclient\", \"get\", \"/os\"]");
    }
    TRY_ASSIGN(const auto words, Codec<std::vector<SingleLine>>::read(json));
    HealthCommand command;
    std::size_t bytes = 0;
    for (const auto& word : words) {
        bytes += word.str().size();
        command.words.push_back(word.str());
    }
    if (!is_program_path(command.words.front())) {
        return fail(Errc::invalid, "expected a program's absolute path, such as "
                                   "/usr/bin/apiclient, as the first word");
    }
    if (words.size() > most_words || bytes > most_bytes) {
        return fail(Errc::invalid, "expected at most {} words and {} bytes", most_words,
                    most_bytes);
    }
    return command;
}

Json Codec<HealthCommand>::schema()
{
    return {{"type", "array"},
            {"items", Codec<SingleLine>::schema()},
            {"prefixItems", Json::array({{{"type", "string"}, {"pattern", "^/.*[^/]$"}}})},
            {"minItems", 1},
            {"maxItems", most_words}};
}

Result<std::string> render_boot_health(const BootHealth& health)
{
    Json file = {{"units", Codec<std::vector<UnitName>>::write(health.units)},
                 {"commands", Codec<std::vector<HealthCommand>>::write(health.commands)}};
    if (health.timeout.has_value()) {
        file["time-limit-seconds"] = health.timeout->value;
    }
    return to_pretty_text(file) + "\n";
}

Group boot_health_group()
{
    return {
        .name = "boot-health",
        .settings = make_group_node<BootHealth>(),
        .services = {{"boot-health", {{"boot-health-json"}, {}}}},
        .files = {rendered_file<render_boot_health>("boot-health-json", "/etc/boot-health.json")}};
}

} // namespace holdfast::settings
