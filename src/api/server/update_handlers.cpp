#include "api/server/update_handlers.hpp"

#include "api/server/handlers.hpp"
#include "base/text.hpp"
#include "update/status/status.hpp"

#include <charconv>

namespace holdfast::api {

namespace {

using update::CommandKind;
using update::ExitStatus;

constexpr auto systemctl = "/usr/bin/systemctl";
constexpr auto systemctl_limit = std::chrono::seconds(60);
constexpr auto rollback_unit = "thar-be-updates@rollback.service";
constexpr auto prepare_unit = "thar-be-updates@prepare.service";

std::string unit_of(CommandKind kind)
{
    return std::format("thar-be-updates@{}.service", update::name(kind));
}

/// What the exit status of a command that may not run says.
Error refusal_error(int exit_status, const std::string& unit)
{
    switch (static_cast<ExitStatus>(exit_status)) {
    case ExitStatus::locked: return {Errc::locked, "Update lock held"};
    case ExitStatus::disallowed:
        return {Errc::conflict, "Update action not allowed according to update state"};
    case ExitStatus::update_missing:
        return {Errc::not_found, "Previously chosen Update no longer exists"};
    case ExitStatus::nothing_staged:
        return {Errc::not_found, "No update image applied to staging partition"};
    case ExitStatus::failure:
    case ExitStatus::misuse: break;
    }
    return {Errc::internal, unit + " could not be started; see the journal"};
}

/// What systemd says of a unit; empty where it does not.
std::string property_of(UpdateContext& context, const std::string& unit, const char* name)
{
    const auto shown = context.processes.run({.arguments = {systemctl, "show",
                                                            std::format("--property={}", name),
                                                            "--value", "--", unit},
                                              .time_limit = systemctl_limit});
    return shown.has_value() ? std::string(trimmed(shown->output)) : "";
}

/// The exit status of the unit's last run; 1 where nobody knows.
int main_status(UpdateContext& context, const std::string& unit)
{
    int status = 1;
    const auto text = property_of(context, unit, "ExecMainStatus");
    std::from_chars(text.data(), text.data() + text.size(), status);
    return status;
}

Result<void> require_free(UpdateContext& context)
{
    const auto lock = context.locks.try_lock(update::lock_path, io::Locking::exclusive);
    if (!lock.has_value() && lock.error().code() == Errc::locked) {
        return fail(Errc::locked, "Update lock held");
    }
    if (!lock.has_value()) {
        return Failure{lock.error()};
    }
    return {};
}

Result<Response> start(UpdateContext& context, CommandKind kind)
{
    // The unit takes the lock itself. But starting one that runs already would seem to succeed.
    TRY(require_free(context));
    const auto unit = unit_of(kind);
    TRY_ASSIGN(const auto started,
               context.processes.run(
                   {.arguments = {systemctl, "start", "--", unit}, .time_limit = systemctl_limit}));
    if (started.exit_status != 0) {
        return Failure{refusal_error(main_status(context, unit), unit)};
    }
    return empty_response();
}

/// A download that is stopped stays where it is; the next one goes on from there.
Result<Response> cancel_download(UpdateContext& context, const Request&)
{
    TRY_ASSIGN(const auto active,
               context.processes.run({.arguments = {systemctl, "is-active", "--", prepare_unit},
                                      .time_limit = systemctl_limit}));
    if (active.exit_status != 0) {
        return fail(Errc::conflict, "No update is being downloaded");
    }
    TRY(io::run_checked(context.processes, {.arguments = {systemctl, "stop", "--", prepare_unit},
                                            .time_limit = systemctl_limit}));
    return empty_response();
}

/// Unlike the other commands this one is over when its unit counts as started.
Result<Response> rollback(UpdateContext& context, const Request&)
{
    TRY(require_free(context));
    TRY_ASSIGN(const auto done,
               context.processes.run({.arguments = {systemctl, "start", "--", rollback_unit},
                                      .time_limit = systemctl_limit}));
    if (done.exit_status == 0) {
        return empty_response();
    }
    const auto status = main_status(context, rollback_unit);
    if (status != static_cast<int>(ExitStatus::failure)) {
        return Failure{refusal_error(status, rollback_unit)};
    }
    const auto why = property_of(context, rollback_unit, "StatusText");
    return fail(Errc::conflict, "Cannot go back to the other version: {}",
                why.empty() ? std::format("see the journal of {}", rollback_unit) : why);
}

Result<Response> get_status(UpdateContext& context, const Request&)
{
    const auto lock = context.locks.try_lock(update::lock_path, io::Locking::shared);
    if (!lock.has_value() && lock.error().code() == Errc::locked) {
        return fail(Errc::locked, "Update lock held");
    }
    const auto text = context.files.read(update::status_path);
    if (!text.has_value() && text.error().code() == Errc::not_found) {
        return fail(Errc::not_found,
                    "Update status is uninitialized, refresh-updates to initialize it");
    }
    if (!text.has_value()) {
        return Failure{text.error()};
    }
    const auto status = parse_json(*text);
    if (!status.has_value()) {
        return fail(Errc::internal, "the update status is damaged: {}", status.error().message());
    }
    return json_response(*status);
}

/// The file's JSON; null where there is none, or none that can be read.
Json json_of(io::Files& files, const char* path)
{
    const auto text = files.read(path, 64U << 10);
    return text.has_value() ? parse_json(*text).value_or(Json()) : Json();
}

Result<Response> get_progress(UpdateContext& context, const Request&)
{
    return json_response(json_of(context.files, update::progress_path));
}

Result<Response> get_last_fall_back(UpdateContext& context, const Request&)
{
    return json_response(json_of(context.files, update::fall_back_path));
}

} // namespace

void add_update_handlers(Router& router, UpdateContext& context)
{
    const auto add = [&](const char* method, const char* path, auto handler) {
        router.add(method, path, [&context, handler](const Request& request) {
            return handler(context, request);
        });
    };
    const auto command = [&](const char* path, CommandKind kind) {
        router.add("POST", path, [&context, kind](const Request&) { return start(context, kind); });
    };
    command("/actions/refresh-updates", CommandKind::refresh);
    command("/actions/prepare-update", CommandKind::prepare);
    command("/actions/activate-update", CommandKind::activate);
    command("/actions/deactivate-update", CommandKind::deactivate);
    add("POST", "/actions/cancel-download", cancel_download);
    add("POST", "/actions/rollback-update", rollback);
    add("GET", "/updates/status", get_status);
    add("GET", "/updates/progress", get_progress);
    add("GET", "/updates/last-fall-back", get_last_fall_back);
}

} // namespace holdfast::api
