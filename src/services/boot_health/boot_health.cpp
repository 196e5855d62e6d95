#include "services/boot_health/boot_health.hpp"

#include "base/log.hpp"
#include "base/os_release.hpp"
#include "base/text.hpp"
#include "json/json.hpp"
#include "services/boot_health/commands.hpp"
#include "services/boot_health/fall_back.hpp"

#include <cstdio>

namespace holdfast::boot_health {

namespace {

using namespace std::chrono_literals;

constexpr auto rules_file = "/usr/share/holdfast/boot-health.json";
constexpr auto settings_file = "/etc/boot-health.json";
constexpr auto judged_file = "/run/holdfast/boot-judged";
constexpr auto pause_between_looks = 1s;
constexpr auto pause_before_reboot = 60s;
constexpr auto program_limit = 20s;
/// What surely ends before boot-deadline.timer.
constexpr auto limit_within_deadline = 150s;

/// A file of settings that is missing or damaged must not make a boot look better than it is, nor
/// worse: the image's rules hold without it.
Result<Rules> read_rules(io::Files& files)
{
    TRY_ASSIGN(const auto text, files.read(rules_file));
    TRY_ASSIGN(auto rules, parse_rules(text).while_(rules_file));
    const auto settings = files.read(settings_file);
    if (!settings.has_value() && settings.error().code() == Errc::not_found) {
        return rules;
    }
    auto all = settings.has_value() ? with_settings(rules, *settings)
                                    : Result<Rules>(Failure{settings.error()});
    if (!all.has_value()) {
        log::warning("going on without settings.boot-health", {{"why", all.error().message()}});
        return rules;
    }
    return all;
}

Result<bool> api_answers(World& world, const std::string& socket)
{
    TRY_ASSIGN(auto stream, world.sockets.connect_local(socket));
    TRY(stream->write_all("GET /os HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 5s));
    TRY_ASSIGN(const auto reply, stream->read_some(10s));
    return is_success_reply(reply);
}

Result<std::vector<UnitState>> states_of(io::Processes& processes,
                                         const std::vector<std::string>& units)
{
    io::Command show{.arguments = {"/usr/bin/systemctl", "show",
                                   "--property=Id,Names,LoadState,ActiveState,"
                                   "StatusText,ExecMainStatus",
                                   "--"},
                     .time_limit = program_limit};
    show.arguments.insert(show.arguments.end(), units.begin(), units.end());
    TRY_ASSIGN(const auto shown, io::run_checked(processes, show));
    return parse_units(shown);
}

/// The units that have failed, and what they said; empty where none has.
Result<std::string> failed_units(io::Processes& processes)
{
    TRY_ASSIGN(const auto listed,
               io::run_checked(processes, {.arguments = {"/usr/bin/systemctl", "list-units",
                                                         "--failed", "--plain", "--no-legend"},
                                           .time_limit = program_limit}));
    std::vector<std::string> names;
    for (const auto& line : split(listed, '\n')) {
        if (const auto name = line.substr(0, line.find(' ')); !name.empty()) {
            names.push_back(name);
        }
    }
    std::string failures;
    if (!names.empty()) {
        TRY_ASSIGN(const auto units, states_of(processes, names));
        for (const auto& unit : units) {
            failures += (failures.empty() ? "" : "; ") + failure_of(unit);
        }
    }
    return failures;
}

/// Why a stage of the boot failed, as far as systemd can be asked.
std::string reason_of_stage(io::Processes& processes)
{
    auto failures = failed_units(processes).value_or("");
    return failures.empty() ? "a stage of the boot failed or took too long; see the journal"
                            : failures;
}

Verdict look(World& world, const Rules& rules)
{
    const auto units = states_of(world.processes, rules.units);
    if (!units.has_value()) {
        return {.health = Health::not_yet, .reason = units.error().message()};
    }
    auto verdict = judge_units(rules.units, *units);
    if (verdict.health != Health::good) {
        return verdict;
    }
    const auto answers = api_answers(world, rules.api_socket);
    if (!answers.has_value()) {
        return {.health = Health::not_yet, .reason = "the API: " + answers.error().message()};
    }
    if (!*answers) {
        return {.health = Health::not_yet, .reason = "the API does not answer GET /os with success"};
    }
    return {};
}

/// What `signpost status` prints; empty where it fails.
std::string signpost_status(World& world)
{
    auto status = io::run_checked(
        world.processes,
        {.arguments = {"/usr/bin/signpost", "status"}, .time_limit = program_limit});
    return std::move(status).value_or(std::string());
}

/// A line on every console, through the kernel log.
void tell_console(io::Files& files, const std::string& text)
{
    const auto written = files.write_into("/dev/kmsg", "<3>holdfast: " + text + "\n");
    static_cast<void>(written); // The journal has it too.
}

Result<void> note_judgement(io::Files& files, std::string_view judgement)
{
    TRY(files.create_directories("/run/holdfast"));
    return io::replace_file(files, judged_file, judgement);
}

/// Best effort: the disk may be what failed.
void keep_reason(World& world, const std::string& reason)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
        world.clock.now().time_since_epoch());
    const auto facts = world.files.read("/run/holdfast/boot.env");
    const auto release = world.files.read("/etc/os-release");
    const auto version = OsRelease::parse(release.has_value() ? *release : "").value("VERSION_ID");
    const Json report = {{"reason", reason},
                         {"time", seconds.count()},
                         {"version", version.has_value() ? *version : ""},
                         {"boot", facts.has_value() ? *facts : ""}};
    const auto text = to_pretty_text(report) + "\n";
    auto kept = io::replace_file(world.files, failure_file, text);
    if (!kept.has_value() && kept.error().code() == Errc::no_space) {
        // An older one would explain this boot wrongly, and its room may be all there is.
        kept = world.files.remove(failure_file);
        if (kept.has_value()) {
            kept = io::replace_file(world.files, failure_file, text);
        }
    }
    if (!kept.has_value()) {
        log::warning("the reason could not be kept; going on", {{"why", kept.error().message()}});
    }
}

Result<void> reboot(World& world)
{
    const auto asked =
        io::run_checked(world.processes, {.arguments = {"/usr/bin/systemctl", "reboot", "--no-block"},
                                          .time_limit = program_limit});
    if (asked.has_value()) {
        // boot-failed.service need not judge it again. Where /run is what failed, it will.
        static_cast<void>(note_judgement(world.files, "failed\n").has_value());
        return {};
    }
    log::warning("no orderly reboot; forcing one", {{"why", asked.error().message()}});
    TRY(io::run_checked(world.processes,
                        {.arguments = {"/usr/bin/systemctl", "reboot", "--force", "--force"},
                         .time_limit = program_limit}));
    return {};
}

/// Whether the API server has said that the settings, which another version left, cannot be brought to
/// this one. Starting again changes nothing about that.
bool cannot_use_settings(io::Processes& processes)
{
    constexpr auto api_server = "apiserver.service";
    constexpr auto not_to_be_restarted = "78"; // EX_CONFIG of sysexits.h.
    const auto units = states_of(processes, {api_server});
    return units.has_value() && units->size() == 1 && units->front().active == "failed" &&
           units->front().exit_status == not_to_be_restarted;
}

/// Gives way to the other set, which the settings may be of. False where that has not worked yet, or
/// has given way to this one.
bool leave_for_other_set(io::Processes& processes)
{
    const auto left = io::run_checked(
        processes, {.arguments = {"/usr/bin/signpost", "fall-back-to-inactive"},
                    .time_limit = program_limit});
    if (!left.has_value()) {
        log::warning("this set stays", {{"why", left.error().message()}});
    }
    return left.has_value();
}

/// Somebody wants to wait for longer than a boot may take otherwise. The unit's own limit is what
/// ends this program then. Should it not work, the boot has less time: no reason to fail it now.
void stop_deadline(io::Processes& processes)
{
    const auto stopped = io::run_checked(
        processes, {.arguments = {"/usr/bin/systemctl", "stop", "boot-deadline.timer"},
                    .time_limit = program_limit});
    if (!stopped.has_value()) {
        log::warning("the boot's deadline stays", {{"why", stopped.error().message()}});
    }
}

/// False where systemd is too busy to be asked: no reason to fail the boot before its time is up.
bool start_commands(io::Processes& processes)
{
    const auto started = io::run_checked(
        processes, {.arguments = {"/usr/bin/systemctl", "start", "--no-block", commands_unit},
                    .time_limit = program_limit});
    if (!started.has_value()) {
        log::warning("health commands not started yet", {{"why", started.error().message()}});
    }
    return started.has_value();
}

} // namespace

Result<void> wait_for_health(World& world)
{
    TRY_ASSIGN(auto rules, read_rules(world.files));
    if (rules.time_limit > limit_within_deadline) {
        stop_deadline(world.processes);
    }
    bool commands_started = rules.commands.empty();
    if (!commands_started) {
        // From here on they are a unit like the others that must be active.
        rules.units.emplace_back(commands_unit);
    }
    const auto deadline = world.clock.monotonic_now() + rules.time_limit;
    for (;;) {
        commands_started = commands_started || start_commands(world.processes);
        const auto verdict = look(world, rules);
        if (verdict.health == Health::good) {
            return {};
        }
        if (verdict.health == Health::bad) {
            return fail(Errc::conflict, "{}", verdict.reason);
        }
        if (world.clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout, "after {} seconds {}", rules.time_limit.count(),
                        verdict.reason);
        }
        world.clock.sleep(pause_between_looks);
    }
}

Result<void> mark_successful(World& world)
{
    const auto status = signpost_status(world);
    const bool is_trial = active_set_succeeded(status) == false;
    TRY(io::run_checked(world.processes,
                        {.arguments = {"/usr/bin/signpost", "mark-successful-boot"},
                         .time_limit = program_limit})
            .while_("marking the boot successful"));
    if (is_trial) {
        forget_fall_back(world.files);
    }
    TRY(note_judgement(world.files, "successful\n"));
    log::info("boot successful");
    return {};
}

Result<void> deal_with_failure(World& world, const std::string& reason)
{
    keep_reason(world, reason);
    // A set on trial may be too broken to tell; only a clear "yes" keeps it up.
    const bool succeeded_before = active_set_succeeded(signpost_status(world)).value_or(false);
    if (!succeeded_before) {
        tell_console(world.files, "boot failed: " + reason + "; rebooting");
        return reboot(world);
    }
    if (const auto answers = api_answers(world, Rules{}.api_socket);
        answers.has_value() && *answers) {
        tell_console(world.files, "boot failed: " + reason + "; the API stays up");
        return note_judgement(world.files, "failed\n");
    }
    if (cannot_use_settings(world.processes) && leave_for_other_set(world.processes)) {
        tell_console(world.files, "boot failed: " + reason + "; going back to the other set");
        return reboot(world);
    }
    tell_console(world.files, "boot failed: " + reason + "; rebooting in a minute");
    world.clock.sleep(pause_before_reboot);
    return reboot(world);
}

Result<int> run(const std::vector<std::string>& arguments, World world)
{
    const auto command = arguments.size() == 1 ? arguments.front() : std::string();
    if (command == "check") {
        report_fall_back(world.files, world.clock, signpost_status(world));
        auto healthy = wait_for_health(world);
        if (healthy.has_value()) {
            healthy = mark_successful(world);
        }
        if (!healthy.has_value()) {
            log::error("boot failed", {{"reason", healthy.error().message()}});
            TRY(deal_with_failure(world, healthy.error().message()));
            return 1;
        }
        return 0;
    }
    if (command == "commands") {
        TRY_ASSIGN(const auto rules, read_rules(world.files));
        TRY(run_commands(rules, world.processes, world.clock, world.manager));
        return 0;
    }
    if (command == "failed") {
        TRY(deal_with_failure(world, reason_of_stage(world.processes)));
        return 0;
    }
    const bool help = command == "--help";
    std::fputs("usage: boot-health check | commands | failed\n"
               "  check     waits until the machine does its job, then marks the boot successful;\n"
               "            reboots a set on trial that does not get there\n"
               "  commands  runs the commands of settings.boot-health until each has succeeded\n"
               "  failed    deals with a boot that failed earlier\n",
               help ? stdout : stderr);
    return help ? 0 : 2;
}

} // namespace holdfast::boot_health
