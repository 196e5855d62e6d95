#include "apply/turn.hpp"

namespace holdfast::apply {

namespace {

constexpr auto lock_file = "/run/settings-applier.lock";
constexpr std::chrono::minutes turn_limit{8}; // settings-applier@ has nine.
constexpr std::chrono::milliseconds pause_between_tries{100};

} // namespace

Result<std::unique_ptr<io::FileLock>> wait_for_turn(io::FileLocks& locks, io::Clock& clock)
{
    const auto deadline = clock.monotonic_now() + turn_limit;
    for (;;) {
        auto lock = locks.try_lock(lock_file, io::Locking::exclusive);
        if (lock.has_value() || lock.error().code() != Errc::locked) {
            return lock;
        }
        if (clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout, "another run of settings-applier is still at work");
        }
        clock.sleep(pause_between_tries);
    }
}

} // namespace holdfast::apply
