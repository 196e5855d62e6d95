#pragma once

#include "io/clock.hpp"
#include "io/file_locks.hpp"
#include "io/files.hpp"
#include "update/repository/layout.hpp"

namespace holdfast::publish {

/// For who changes the repository: nobody else does until the lock is given back. Whoever read what
/// is published and drafts what follows must be alone meanwhile, or takes back what another has
/// added. Waits for another one to finish, but no longer than `patience`.
///
/// Errors: `locked` when that has passed; `not_found` where there is no such folder.
Result<std::unique_ptr<io::FileLock>>
lock_repository(io::FileLocks& locks, io::Files& files, io::Clock& clock, const Layout& layout,
                std::chrono::seconds patience = std::chrono::minutes(1));

} // namespace holdfast::publish
