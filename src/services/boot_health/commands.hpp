#pragma once

#include "io/clock.hpp"
#include "io/processes.hpp"
#include "io/service_manager.hpp"
#include "services/boot_health/judge.hpp"

/// The commands of settings.boot-health. They run in a unit of their own: its sandbox lets them
/// reach the network, but neither disks nor what else boot-health itself may change. How far it is,
/// the unit says in its status, from which boot-health takes the reason of a boot that failed.
namespace holdfast::boot_health {

inline constexpr auto commands_unit = "boot-health-commands.service";

/// What one try of a command came to.
struct Try {
    Health health = Health::good; ///< Bad where trying again cannot help: there is no such program.
    std::string reason;           ///< One line of printable ASCII, some hundred bytes at most.
};

/// Runs it once, for at most `limit`.
Try try_command(io::Processes& processes, const HealthCommand& command,
                std::chrono::milliseconds limit);

/// Runs the commands one after the other, each until it succeeds. Errors: `conflict` for one that
/// cannot be started; `timeout` when the limit of the rules has passed. The manager is told both,
/// and each new reason for trying again.
Result<void> run_commands(const Rules& rules, io::Processes& processes, io::Clock& clock,
                          io::ServiceManager& manager);

} // namespace holdfast::boot_health
