#include "services/boot_health/commands.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <format>

namespace holdfast::boot_health {

namespace {

using namespace std::chrono_literals;

constexpr auto pause_between_tries = 1s;
constexpr std::chrono::milliseconds longest_try = 30s;
constexpr std::chrono::milliseconds shortest_try = 1s;
constexpr std::size_t shown_bytes = 200;

/// For consoles, the log and systemd, which takes no status that is not UTF-8.
std::string printable(std::string_view text)
{
    std::string result(text.substr(0, shown_bytes));
    std::ranges::replace_if(result, [](char c) { return c < ' ' || c > '~'; }, '?');
    return result + (text.size() > shown_bytes ? "..." : "");
}

/// What a program says last is why it failed.
std::string last_line(const io::Outcome& outcome)
{
    const auto errors = trimmed(outcome.errors);
    const auto words = errors.empty() ? trimmed(outcome.output) : errors;
    const auto newline = words.rfind('\n');
    return printable(newline == words.npos ? words : words.substr(newline + 1));
}

std::string ending_of(const io::Outcome& outcome)
{
    const auto words = last_line(outcome);
    return std::format("exited with status {}{}", outcome.exit_status,
                       words.empty() ? "" : ": " + words);
}

/// Systemd keeps it for whoever judges the boot; where that fails, only the reason is shorter.
void tell(io::ServiceManager& manager, const std::string& reason)
{
    static_cast<void>(manager.notify("STATUS=" + reason).has_value());
}

} // namespace

Try try_command(io::Processes& processes, const HealthCommand& command,
                std::chrono::milliseconds limit)
{
    const auto outcome = processes.run({.arguments = command, .time_limit = limit});
    if (outcome.has_value() && outcome->exit_status == 0) {
        return {};
    }
    const auto code = outcome.has_value() ? Errc::io : outcome.error().code();
    std::string ending;
    if (outcome.has_value()) {
        ending = ending_of(*outcome);
    } else if (code == Errc::timeout) {
        ending =
            std::format("did not end within {}", std::chrono::ceil<std::chrono::seconds>(limit));
    } else {
        ending = "cannot be started: " + printable(outcome.error().message());
    }
    // The root does not change: what is not there, or is no program, will not be one later.
    const bool is_hopeless = code == Errc::not_found || code == Errc::denied;
    return {.health = is_hopeless ? Health::bad : Health::not_yet,
            .reason = std::format("settings.boot-health.commands: {} {}",
                                  printable(join(command, " ")), ending)};
}

Result<void> run_commands(const Rules& rules, io::Processes& processes, io::Clock& clock,
                          io::ServiceManager& manager)
{
    const auto deadline = clock.monotonic_now() + rules.time_limit;
    std::string told;
    for (auto command = rules.commands.begin(); command != rules.commands.end();) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.monotonic_now());
        const auto tried =
            try_command(processes, *command, std::clamp(left, shortest_try, longest_try));
        if (tried.health == Health::good) {
            ++command;
            continue;
        }
        if (tried.reason != told) {
            tell(manager, tried.reason);
            log::info("not healthy yet", {{"why", tried.reason}});
            told = tried.reason;
        }
        if (tried.health == Health::bad) {
            return fail(Errc::conflict, "{}", tried.reason);
        }
        if (clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout, "after {} seconds {}", rules.time_limit.count(),
                        tried.reason);
        }
        clock.sleep(pause_between_tries);
    }
    tell(manager, "");
    return {};
}

} // namespace holdfast::boot_health
