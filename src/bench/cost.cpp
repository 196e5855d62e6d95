#include "bench/cost.hpp"

#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace holdfast::bench {

namespace {

double seconds(const timeval& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Result<pid_t> start(const std::vector<std::string>& arguments, const std::string& output)
{
    std::vector<char*> words;
    for (const auto& argument : arguments) {
        words.push_back(const_cast<char*>(argument.c_str())); // posix_spawn does not write to it.
    }
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t child = -1;
    const int problem =
        ::posix_spawnp(&child, words.front(), &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        return fail_errno("starting " + arguments.front(), problem);
    }
    return child;
}

} // namespace

Result<Cost> cost_of(io::Clock& clock, const std::vector<std::string>& arguments,
                     const std::string& output)
{
    const auto before = clock.monotonic_now();
    TRY_ASSIGN(const auto child, start(arguments, output));
    int status = 0;
    rusage usage{};
    // Not waitpid: the kernel tells what this one child took.
    while (::wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            return fail_errno("waiting for " + arguments.front(), errno);
        }
    }
    const std::chrono::duration<double> wall = clock.monotonic_now() - before;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fail(Errc::io, "{} failed; see {}", arguments.front(), output);
    }
    return Cost{.wall_seconds = wall.count(),
                .cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
                .peak_megabytes = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6};
}

} // namespace holdfast::bench
