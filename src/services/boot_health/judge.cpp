#include "services/boot_health/judge.hpp"

#include "base/text.hpp"
#include "json/json.hpp"
#include "update/status/sets.hpp"

#include <algorithm>

namespace holdfast::boot_health {

namespace {

bool is_command(const Json& json)
{
    const auto is_text = [](const Json& word) { return word.is_string(); };
    return json.is_array() && !json.empty() && std::ranges::all_of(json, is_text) &&
           json.front().get<std::string>().starts_with('/');
}

Result<void> add_commands(Rules& rules, const Json& commands)
{
    if (!commands.is_array() || !std::ranges::all_of(commands, is_command)) {
        return fail(Errc::invalid, "commands: expected lists of a program's absolute path and its "
                                   "arguments");
    }
    for (const auto& command : commands) {
        rules.commands.push_back(command.get<HealthCommand>());
    }
    return {};
}

/// Adds the units and commands of the document, and takes its limit where it has one.
Result<void> add_rules(Rules& rules, const Json& document)
{
    if (!document.is_object() || !document.contains("units") || !document["units"].is_array()) {
        return fail(Errc::invalid, "expected an object with the list \"units\"");
    }
    for (const auto& unit : document["units"]) {
        // A name that begins with a hyphen would be an option of systemctl.
        if (!unit.is_string() || unit.get<std::string>().empty() ||
            unit.get<std::string>().starts_with('-')) {
            return fail(Errc::invalid, "units: expected names of units");
        }
        rules.units.push_back(unit.get<std::string>());
    }
    if (const auto commands = document.find("commands"); commands != document.end()) {
        TRY(add_commands(rules, *commands));
    }
    if (const auto limit = document.find("time-limit-seconds"); limit != document.end()) {
        if (!limit->is_number_unsigned() || limit->get<std::uint64_t>() > 3600) {
            return fail(Errc::invalid, "time-limit-seconds: expected a number up to 3600");
        }
        rules.time_limit = std::chrono::seconds(limit->get<std::uint64_t>());
    }
    return {};
}

std::string with_status(std::string text, const UnitState& unit)
{
    return unit.status.empty() ? std::move(text) : std::move(text) + ": " + unit.status;
}

} // namespace

Result<Rules> parse_rules(std::string_view json)
{
    TRY_ASSIGN(const auto document, parse_json(json));
    Rules rules;
    TRY(add_rules(rules, document));
    if (rules.units.empty()) {
        return fail(Errc::invalid, "units: a boot that needs nothing cannot be judged");
    }
    return rules;
}

Result<Rules> with_settings(Rules rules, std::string_view json)
{
    TRY_ASSIGN(const auto document, parse_json(json));
    TRY(add_rules(rules, document));
    return rules;
}

std::string failure_of(const UnitState& unit)
{
    return with_status(unit.name + " failed", unit);
}

std::vector<UnitState> parse_units(std::string_view shown)
{
    std::vector<UnitState> units;
    bool in_block = false;
    for (const auto& line : split(shown, '\n')) {
        const auto equals = line.find('=');
        if (equals == std::string::npos) {
            in_block = false;
            continue;
        }
        if (!in_block) {
            units.emplace_back();
            in_block = true;
        }
        const auto key = std::string_view(line).substr(0, equals);
        const auto value = line.substr(equals + 1);
        auto& unit = units.back();
        if (key == "Id") {
            unit.name = value;
        } else if (key == "Names") {
            unit.names = split(value, ' ');
        } else if (key == "LoadState") {
            unit.load = value;
        } else if (key == "ActiveState") {
            unit.active = value;
        } else if (key == "StatusText") {
            unit.status = value;
        } else if (key == "ExecMainStatus") {
            unit.exit_status = value;
        }
    }
    return units;
}

Verdict judge_units(const std::vector<std::string>& required, const std::vector<UnitState>& units)
{
    Verdict verdict;
    for (const auto& name : required) {
        // By any of its names: dbus.service may be a link to whatever serves the bus.
        const auto unit = std::ranges::find_if(units, [&name](const UnitState& candidate) {
            return candidate.name == name || std::ranges::contains(candidate.names, name);
        });
        if (unit == units.end() || unit->load != "loaded") {
            return {.health = Health::bad, .reason = name + " cannot be loaded"};
        }
        if (unit->active == "failed") {
            return {.health = Health::bad, .reason = failure_of(*unit)};
        }
        if (unit->active != "active" && verdict.health == Health::good) {
            verdict = {.health = Health::not_yet,
                       .reason = with_status(name + " is " + unit->active, *unit)};
        }
    }
    return verdict;
}

std::optional<bool> active_set_succeeded(std::string_view status)
{
    const auto sets = update::parse_sets(status);
    return sets.has_value() ? std::optional(sets->active.successful) : std::nullopt;
}

bool is_success_reply(std::string_view reply)
{
    const auto line = reply.substr(0, reply.find("\r\n"));
    return line.size() >= 12 && line.starts_with("HTTP/1.") && line.substr(8, 4) == " 200";
}

} // namespace holdfast::boot_health
