#pragma once

#include "api/server/router.hpp"
#include "io/file_locks.hpp"
#include "io/files.hpp"
#include "io/processes.hpp"

namespace holdfast::api {

/// What the update handlers work on. All of it must outlive the router.
struct UpdateContext {
    io::Files& files;
    io::Processes& processes;
    io::FileLocks& locks;
};

/// POST /actions/{refresh,prepare,activate,deactivate}-update(s), GET /updates/status, and ours:
/// POST /actions/cancel-download and /actions/rollback-update, GET /updates/progress and
/// /updates/last-fall-back.
///
/// The server does none of the work. Each command is an instance of the unit thar-be-updates@,
/// which has the devices and the network; starting it waits only until the command has said that it
/// may run, and its exit status says why not.
void add_update_handlers(Router& router, UpdateContext& context);

} // namespace holdfast::api
