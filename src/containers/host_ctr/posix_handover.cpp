#include "containers/host_ctr/posix_handover.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <format>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace holdfast::containers {

namespace {

Result<io::UniqueFd> open_fifo(const std::filesystem::path& path)
{
    if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) {
        return fail_errno(std::format("making {}", path.native()), errno);
    }
    // With a writer of our own there is never an end of file: the stream ends with the process.
    io::UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    struct stat found{};
    if (!fd || ::fstat(fd.get(), &found) != 0) {
        return fail_errno(std::format("opening {}", path.native()), errno);
    }
    if (!S_ISFIFO(found.st_mode)) {
        return fail(Errc::conflict, "{} is no FIFO", path.native());
    }
    return fd;
}

} // namespace

Result<void> PosixHandover::hold_signals()
{
    sigset_t held;
    ::sigemptyset(&held);
    ::sigaddset(&held, SIGTERM);
    ::sigaddset(&held, SIGINT);
    if (::sigprocmask(SIG_BLOCK, &held, nullptr) != 0) {
        return fail_errno("holding back SIGTERM", errno);
    }
    return {};
}

Result<void> PosixHandover::open_streams(const StreamPaths& paths)
{
    TRY_ASSIGN(output_, open_fifo(paths.output));
    TRY_ASSIGN(errors_, open_fifo(paths.errors));
    return {};
}

Result<void> PosixHandover::watch(std::uint32_t pid)
{
    // glibc has a wrapper since 2.36, but its header clashes with <csignal>'s siginfo_t in C++.
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
    if (!process_) {
        if (errno == ESRCH) {
            return fail(Errc::not_found, "process {} is gone", pid);
        }
        return fail_errno(std::format("watching process {}", pid), errno);
    }
    return {};
}

Result<int> PosixHandover::become_waiter(const std::vector<std::string>& finish)
{
    std::vector<std::string> arguments{waiter_.native()};
    for (const auto* fd : {&process_, &output_, &errors_}) {
        if (::fcntl(fd->get(), F_SETFD, 0) != 0) {
            return fail_errno("handing a file over", errno);
        }
        arguments.push_back(std::to_string(fd->get()));
    }
    arguments.insert(arguments.end(), finish.begin(), finish.end());
    std::vector<char*> pointers;
    for (auto& argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    ::execv(waiter_.c_str(), pointers.data());
    return fail_errno(std::format("starting {}", waiter_.native()), errno);
}

} // namespace holdfast::containers
