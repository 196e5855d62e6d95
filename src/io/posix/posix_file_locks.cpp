#include "io/posix/posix_file_locks.hpp"

#include "io/posix/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>

namespace holdfast::io {

namespace {

struct HeldLock final : FileLock {
    explicit HeldLock(UniqueFd held) : fd(std::move(held)) {}
    UniqueFd fd;
};

} // namespace

Result<std::unique_ptr<FileLock>> PosixFileLocks::try_lock(const std::filesystem::path& path,
                                                           Locking locking)
{
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) {
        return fail_errno("opening " + path.native(), errno);
    }
    const int operation = locking == Locking::shared ? LOCK_SH : LOCK_EX;
    if (::flock(fd.get(), operation | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return fail(Errc::locked, "{} is held by another program", path.native());
        }
        return fail_errno("locking " + path.native(), errno);
    }
    return std::make_unique<HeldLock>(std::move(fd));
}

} // namespace holdfast::io
