#include "update/repository/lock.hpp"

namespace holdfast::publish {

Result<std::unique_ptr<io::FileLock>> lock_repository(io::FileLocks& locks, io::Files& files,
                                                      io::Clock& clock, const Layout& layout,
                                                      std::chrono::seconds patience)
{
    constexpr std::chrono::milliseconds pause(100);
    if (!files.is_directory(layout.folder())) {
        return fail(Errc::not_found, "{} is no repository", layout.folder().native());
    }
    const auto end = clock.monotonic_now() + patience;
    for (;;) {
        auto lock = locks.try_lock(layout.lock(), io::Locking::exclusive);
        if (lock.has_value() || lock.error().code() != Errc::locked) {
            return lock;
        }
        if (clock.monotonic_now() >= end) {
            return fail(
                Errc::locked,
                "another command changes {}, and has not finished within {} s; try again later",
                layout.folder().native(), patience.count());
        }
        clock.sleep(pause);
    }
}

} // namespace holdfast::publish
