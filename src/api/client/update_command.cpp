// `apiclient update`: asks for a step of the update, then looks until the machine says what came of
// it. The numbers (pauses, tries) are those of the reference.

#include "api/client/commands.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace holdfast::api {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int most_failures = 5;
constexpr auto note_every = 5s;
constexpr auto most_quiet = 10min;

/// A step of an update, and how long to look for its outcome.
struct Step {
    const char* action;
    const char* command; ///< As most_recent_command.cmd_type has it.
    milliseconds pause;
    int tries;
    bool downloads = false; ///< So there is progress to be shown.
};
constexpr Step refresh{"refresh-updates", "refresh", 100ms, 100};
constexpr Step prepare{"prepare-update", "prepare", 500ms, 1200, true};
constexpr Step activate{"activate-update", "activate", 100ms, 50};
constexpr Step deactivate{"deactivate-update", "deactivate", 100ms, 50};

/// What one look at the status tells.
struct Look {
    enum class Kind { known, busy, none } kind = Kind::none;
    Json status = {}; ///< Where it is known.
};

Result<Look> look(Surroundings& world)
{
    TRY_ASSIGN(const auto reply, world.client.exchange("GET", "/updates/status"));
    if (reply.status == 404) {
        return Look{};
    }
    if (reply.status == 423) {
        return Look{.kind = Look::Kind::busy};
    }
    if (reply.status != 200) {
        return fail(Errc::io, "the update status cannot be read (status {}): {}", reply.status,
                    trimmed(reply.body));
    }
    TRY_ASSIGN(auto status, parse_json(reply.body));
    return Look{.kind = Look::Kind::known, .status = std::move(status)};
}

/// The member as a text, else empty.
std::string text_of(const Json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_string()
               ? found->get<std::string>()
               : "";
}

std::uint64_t number_of(const Json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_number_unsigned()
               ? found->get<std::uint64_t>()
               : 0;
}

Json last_command(const Look& look)
{
    return look.status.is_object() ? look.status.value("most_recent_command", Json()) : Json();
}

/// A reply that only decorates; null where there is none.
Json get_or_null(Surroundings& world, const char* path)
{
    const auto reply = world.client.exchange("GET", path);
    if (!reply.has_value() || reply->status != 200) {
        return nullptr;
    }
    return parse_json(reply->body).value_or(Json());
}

/// Keeps a person informed while a step runs: a bar on a terminal, else a line now and then.
class Watcher {
public:
    Watcher(Surroundings& world, const Step& step)
        : world_(world), step_(step), last_note_(world.clock.monotonic_now())
    {
    }
    ~Watcher()
    {
        if (has_bar_) {
            world_.show_progress("\n");
        }
    }

    /// Whether the download went on since the last call.
    bool update()
    {
        const auto progress =
            step_.downloads ? get_or_null(world_, "/updates/progress") : Json();
        const auto bytes = number_of(progress, "bytes");
        const bool moved = bytes != bytes_;
        bytes_ = bytes;
        if (world_.show_progress && progress.is_object()) {
            world_.show_progress(progress_bar(progress));
            has_bar_ = true;
        } else if (!world_.show_progress &&
                   world_.clock.monotonic_now() - last_note_ >= note_every) {
            last_note_ = world_.clock.monotonic_now();
            const auto text = std::format("Still waiting for {}...", step_.command);
            if (step_.downloads) {
                log::info(text, {{"percent", std::to_string(number_of(progress, "percent"))}});
            } else {
                log::info(text);
            }
        }
        return moved;
    }

private:
    Surroundings& world_;
    const Step& step_;
    std::chrono::steady_clock::time_point last_note_;
    std::uint64_t bytes_ = 0;
    bool has_bar_ = false;
};

Result<void> judge(const Json& record, const Step& step)
{
    if (text_of(record, "cmd_status") == "Success") {
        return {};
    }
    const auto why = text_of(record, "stderr");
    return fail(Errc::io, "{} failed: {}", step.command, why.empty() ? "no reason given" : why);
}

/// Whether the status tells of a newer run of the step than the one at `before`.
bool is_over(const Json& record, const Step& step, const std::string& before)
{
    return text_of(record, "cmd_type") == step.command && text_of(record, "timestamp") != before;
}

/// Looks until the step's outcome is there. Looks at a machine that is busy don't count as tries: a
/// slow server is given ten minutes, and a download that goes on has all the time it needs.
Result<void> await(Surroundings& world, const Step& step, const std::string& before)
{
    Watcher watcher(world, step);
    auto last_sign = world.clock.monotonic_now();
    int failures = 0;
    for (int tries = 0; tries < step.tries;) {
        world.clock.sleep(step.pause);
        const auto now = look(world);
        if (!now.has_value() && ++failures >= most_failures) {
            return Failure{now.error()};
        }
        if (now.has_value() && is_over(last_command(*now), step, before)) {
            return judge(last_command(*now), step);
        }
        if (!now.has_value() || now->kind != Look::Kind::busy) {
            ++tries;
            continue;
        }
        if (watcher.update()) {
            last_sign = world.clock.monotonic_now();
        }
        if (world.clock.monotonic_now() - last_sign > most_quiet) {
            break;
        }
    }
    return fail(Errc::timeout, "{} did not end in time; `apiclient update status` shows more",
                step.command);
}

Result<void> run_step(Surroundings& world, const Step& step)
{
    const auto before = look(world);
    const auto timestamp =
        before.has_value() ? text_of(last_command(*before), "timestamp") : std::string();
    TRY(world.client.demand("POST", std::string("/actions/") + step.action)
            .while_(std::format("{} failed", step.command)));
    return await(world, step, timestamp);
}

Result<Json> check(Surroundings& world)
{
    TRY(run_step(world, refresh));
    TRY_ASSIGN(const auto text, world.client.request("GET", "/updates/status"));
    return parse_json(text);
}

Result<void> reboot(Surroundings& world)
{
    TRY(world.client.demand("POST", "/actions/reboot"));
    return {};
}

struct UpdateOptions {
    bool check = false;
    bool reboot = false;
};

/// The options of a subcommand; which of the two it knows, `allowed` says.
Fallible<UpdateOptions, CommandProblem> parse_options(Arguments arguments, UpdateOptions allowed)
{
    UpdateOptions options;
    for (const auto& word : arguments) {
        if (allowed.check && (word == "-c" || word == "--check")) {
            options.check = true;
        } else if (allowed.reboot && (word == "-r" || word == "--reboot")) {
            options.reboot = true;
        } else {
            return misuse("Unknown argument '" + word + "'");
        }
    }
    return options;
}

CommandOutcome update_check(Surroundings& world, Arguments arguments)
{
    TRY(parse_options(arguments, {}));
    TRY_ASSIGN(const auto status, check(world));
    return CommandResult{to_pretty_text(status) + "\n", ""};
}

CommandOutcome update_apply(Surroundings& world, Arguments arguments)
{
    TRY_ASSIGN(const auto options, parse_options(arguments, {.check = true, .reboot = true}));
    CommandResult result;
    if (options.check) {
        TRY_ASSIGN(const auto status, check(world));
        result.output = to_pretty_text(status) + "\n";
        const auto state = text_of(status, "update_state");
        if (state == "Idle" || state == "Ready") {
            result.notes = state == "Idle" ? "No updates available."
                                           : "An update is applied already; reboot to start it.";
            return result;
        }
    }
    TRY(run_step(world, prepare));
    TRY(run_step(world, activate));
    if (options.reboot) {
        TRY(reboot(world));
        result.notes = "Update applied, rebooting...";
        return result;
    }
    result.notes = "Update has been applied and will take effect on next reboot.";
    return result;
}

/// Stops a download, or takes back an update or a rollback that the next boot would start.
CommandOutcome update_cancel(Surroundings& world, Arguments arguments)
{
    TRY(parse_options(arguments, {}));
    TRY_ASSIGN(const auto now, look(world));
    if (now.kind == Look::Kind::busy) {
        TRY(world.client.demand("POST", "/actions/cancel-download"));
        return CommandResult{"", "Download stopped; the next one goes on from there."};
    }
    TRY(run_step(world, deactivate));
    return CommandResult{"", "The next reboot starts the version that runs now."};
}

CommandOutcome update_rollback(Surroundings& world, Arguments arguments)
{
    TRY_ASSIGN(const auto options, parse_options(arguments, {.check = false, .reboot = true}));
    TRY(world.client.demand("POST", "/actions/rollback-update"));
    if (options.reboot) {
        TRY(reboot(world));
        return CommandResult{"", "Going back to the other version, rebooting..."};
    }
    return CommandResult{"", "The other version will be started by the next reboot."};
}

CommandOutcome update_status(Surroundings& world, Arguments arguments)
{
    TRY(parse_options(arguments, {}));
    TRY_ASSIGN(const auto now, look(world));
    Json status = now.kind == Look::Kind::known ? now.status : Json::object();
    if (now.kind == Look::Kind::busy) {
        status["running"] = true;
        status["progress"] = get_or_null(world, "/updates/progress");
    }
    status["last_fall_back"] = get_or_null(world, "/updates/last-fall-back");
    return CommandResult{to_pretty_text(status) + "\n", ""};
}

} // namespace

std::string progress_bar(const Json& progress)
{
    constexpr std::size_t width = 30;
    constexpr double mebibyte = 1024.0 * 1024.0;
    const auto percent = std::min<std::uint64_t>(number_of(progress, "percent"), 100);
    const auto full = width * percent / 100;
    const auto in_mebibytes = [&](const char* key) {
        return static_cast<double>(number_of(progress, key)) / mebibyte;
    };
    return std::format("\r[{}{}] {:3} %  {:.1f} of {:.1f} MiB  {:.1f} MiB/s ",
                       std::string(full, '#'), std::string(width - full, ' '), percent,
                       in_mebibytes("bytes"), in_mebibytes("total"), in_mebibytes("rate"));
}

CommandOutcome run_update(Surroundings& world, Arguments arguments)
{
    if (arguments.empty()) {
        return misuse("update takes a subcommand: check, apply, cancel, rollback or status");
    }
    const auto& verb = arguments.front();
    const auto rest = arguments.subspan(1);
    if (verb == "check") {
        return update_check(world, rest);
    }
    if (verb == "apply") {
        return update_apply(world, rest);
    }
    if (verb == "cancel") {
        return update_cancel(world, rest);
    }
    if (verb == "rollback") {
        return update_rollback(world, rest);
    }
    if (verb == "status") {
        return update_status(world, rest);
    }
    return misuse("Unknown subcommand 'update " + verb + "'");
}

} // namespace holdfast::api
