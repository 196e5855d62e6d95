#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "io/service_manager.hpp"
#include "io/sockets.hpp"
#include "services/boot_health/judge.hpp"

#include <string>
#include <vector>

namespace holdfast::boot_health {

/// What a boot is judged with. `files` etc. are borrowed for the call.
struct World {
    io::Files& files;
    io::Clock& clock;
    io::Processes& processes;
    io::Sockets& sockets;
    io::ServiceManager& manager;
};

/// Starts the commands of the rules in their own unit, and looks until all is well or the limit of
/// the rules has passed. Errors: `timeout` or `conflict` with the reason, for people; those of
/// reading the rules.
Result<void> wait_for_health(World& world);

/// After a good boot: marks the set successful and notes that this boot was judged.
Result<void> mark_successful(World& world);

/// After a bad one: keeps the reason on PRIVATE, tells the console, and reboots a set that has not
/// succeeded before, so that the boot manager takes the other one. A set that has succeeded stays
/// up as long as its API can be reached. Where it cannot, a set that cannot use the settings gives way
/// to the other one, if that has succeeded too; else only a reboot can help, after a minute.
Result<void> deal_with_failure(World& world, const std::string& reason);

/// `boot-health check`, `boot-health commands`, `boot-health failed`.
Result<int> run(const std::vector<std::string>& arguments, World world);

} // namespace holdfast::boot_health
