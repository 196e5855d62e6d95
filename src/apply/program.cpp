#include "apply/program.hpp"

#include "api/client/client.hpp"
#include "api/client/launch.hpp"
#include "api/client/service_options.hpp"
#include "apply/apply.hpp"
#include "apply/turn.hpp"
#include "base/log.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/standard_input.hpp"

#include <cstdio>

namespace holdfast::apply {

namespace {

constexpr JsonLimits reply_limits{.bytes = 64U << 20, .depth = 64};

Result<Facts> fetch_facts(api::Client& client)
{
    Facts facts;
    TRY_ASSIGN(const auto settings, client.request("GET", "/settings"));
    TRY_ASSIGN(facts.settings, parse_json(settings, reply_limits));
    TRY_ASSIGN(const auto os, client.request("GET", "/os"));
    TRY_ASSIGN(facts.os, parse_json(os, reply_limits));
    return facts;
}

/// What a run is about: these keys, or everything.
using Keys = std::optional<std::vector<std::string>>;

Result<Keys> read_keys()
{
    TRY_ASSIGN(const auto text, io::read_line_of_standard_input());
    TRY_ASSIGN(const auto document, parse_json(text).while_("reading the keys"));
    if (document == "all") {
        return std::nullopt;
    }
    std::vector<std::string> keys;
    for (const auto& item : document) {
        if (!document.is_array() || !item.is_string()) {
            return fail(Errc::invalid, "standard input must be a JSON array of keys, or \"all\"");
        }
        keys.push_back(item.get<std::string>());
    }
    return keys;
}

/// At boot the server did not start us; it learns here what came of it.
void tell_server(api::Client& client, const Report& report, io::Clock& clock)
{
    auto result = report.to_json();
    const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
    result["state"] = report.error.empty() ? "succeeded" : "failed";
    result["keys"] = "all";
    result["finished"] = std::format("{:%FT%TZ}", now);
    const auto told = client.request("POST", "/apply/status", to_text(result));
    if (!told.has_value()) {
        log::warning("the API does not know of this run", {{"problem", told.error().message()}});
    }
}

Result<Report> run(api::Client& client, const std::string& variant_file, const Keys& keys,
                   Occasion occasion, io::System& system)
{
    io::PosixFileLocks locks;
    TRY_ASSIGN(const auto turn, wait_for_turn(locks, system.clock));
    TRY_ASSIGN(const auto variant, system.files.read(variant_file));
    TRY_ASSIGN(const auto model, settings::Model::load(variant));
    TRY_ASSIGN(const auto facts, fetch_facts(client));
    const auto plan = keys.has_value() ? plan_for_keys(model, *keys) : plan_for_all(model);
    return apply(model, plan, facts, occasion, system.files, system.processes);
}

} // namespace

Result<int> run_applier(const CommandLine& arguments, io::System& system)
{
    api::ServiceOptions options;
    bool at_boot = false;
    std::string variant_file = "/usr/share/holdfast/variant.json";
    const auto usage = api::parse_service_options(
        "settings-applier", "Renders configuration files and restarts what they concern.",
        arguments, options,
        {{"--all",
          "Every file and service, for the boot; else a line of JSON on standard input says which",
          &at_boot},
         {"--variant-file", "The image's variant.json", &variant_file}});
    if (usage.has_value()) {
        return *usage;
    }
    io::PosixNetwork network;
    api::LocalClient client(network, options.socket_path);
    if (at_boot) {
        TRY(api::commit_pending(client));
        TRY_ASSIGN(const auto report, run(client, variant_file, std::nullopt, Occasion::boot, system));
        // What failed has been reported. A boot goes on without one service's file: the machine
        // stays reachable, and the setting can be repaired.
        tell_server(client, report, system.clock);
        return 0;
    }
    TRY_ASSIGN(const auto keys, read_keys());
    auto report = run(client, variant_file, keys,
                      keys.has_value() ? Occasion::change : Occasion::everything, system);
    if (!report.has_value()) {
        report = Report{.error = report.error().message()};
    }
    std::puts(to_text(report->to_json()).c_str());
    return report->error.empty() ? 0 : 1;
}

} // namespace holdfast::apply
