#pragma once

#include "io/clock.hpp"
#include "io/file_locks.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"
#include "io/service_manager.hpp"
#include "update/status/status.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::update {

/// What thar-be-updates works with; borrowed for the call.
struct TharBeUpdates {
    io::Files& files;
    io::Clock& clock;
    io::Processes& processes;
    io::FileLocks& locks;
    io::ServiceManager& manager;
    /// How the unit ended, from systemd ($SERVICE_RESULT), for `record-end`.
    std::optional<std::string> service_result = {};
};

/// `thar-be-updates refresh|prepare|activate|deactivate|rollback`, or `record-end` with one of
/// these; gives the exit status.
///
/// One command: takes the lock, looks whether the state allows it, tells the service manager that
/// it is under way ("READY=1", for whoever started the unit and waits for exactly that), runs
/// updog, and writes what came of it into the status. What updog says on standard error becomes the
/// message in the status.
///
/// `rollback` chooses the version before for the next boot. It leaves no record; the service
/// manager is told "READY=1" when it is done, or by "STATUS=" why it cannot be.
///
/// `record-end COMMAND` runs when the unit has ended, however it did: a command that was stopped or
/// killed before it could write its outcome gets one.
///
/// Errors: only where not even the status can be written.
Result<int> run_thar_be_updates(const std::vector<std::string>& arguments, TharBeUpdates world);

} // namespace holdfast::update
