#pragma once

#include "io/clock.hpp"
#include "io/file_locks.hpp"

namespace holdfast::apply {

/// Waits until no other run is at work, and keeps others waiting while the lock is held. Two would
/// race for the same files: a server that was started again asks for a run while the one that it
/// asked for before may still be at work.
///
/// Errors: `timeout` after eight minutes, while the unit still lives to report it.
Result<std::unique_ptr<io::FileLock>> wait_for_turn(io::FileLocks& locks, io::Clock& clock);

} // namespace holdfast::apply
