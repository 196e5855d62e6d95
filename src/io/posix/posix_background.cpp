#include "io/posix/posix_background.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <format>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace holdfast::io {

Result<ProcessId> PosixBackground::start(const std::vector<std::string>& arguments,
                                         const std::filesystem::path& log)
{
    check(!arguments.empty(), "a command has a program");
    auto words = arguments;
    std::vector<char*> pointers;
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    // A caller's pipe that stays open in the child would keep whoever reads it waiting for ever.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = 0;
    const int problem = ::posix_spawnp(&pid, words.front().c_str(), &actions, &attributes,
                                       pointers.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        return fail_errno(std::format("starting {}", arguments.front()), problem);
    }
    return pid;
}

bool PosixBackground::running(ProcessId id)
{
    // Our own child stays a zombie until it is waited for; somebody else's answers kill(2).
    const auto waited = ::waitpid(id, nullptr, WNOHANG);
    if (waited == id) {
        return false;
    }
    return waited == 0 || ::kill(id, 0) == 0;
}

Result<void> PosixBackground::kill(ProcessId id)
{
    if (::kill(id, SIGKILL) != 0 && errno != ESRCH) {
        return fail_errno(std::format("killing process {}", id), errno);
    }
    ::waitpid(id, nullptr, 0);
    return {};
}

} // namespace holdfast::io
