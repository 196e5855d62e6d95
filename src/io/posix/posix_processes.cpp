#include "io/posix/posix_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <format>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char** environ;

namespace holdfast::io {

namespace {

constexpr std::size_t collected_limit = 16U << 20;

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Result<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_errno("making a pipe", errno);
    }
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added)
{
    std::vector<std::string> lines;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string line = *entry;
        if (!added.contains(line.substr(0, line.find('=')))) {
            lines.push_back(line);
        }
    }
    for (const auto& [key, value] : added) {
        lines.push_back(key + "=" + value);
    }
    return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& lines)
{
    std::vector<char*> pointers;
    for (auto& line : lines) {
        pointers.push_back(line.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

/// The process by a descriptor, which can be polled together with its streams.
Result<UniqueFd> start(const Command& command, const Pipe& input, const Pipe& output,
                       const Pipe& errors)
{
    auto arguments = command.arguments;
    auto environment = merged_environment(command.environment);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.read_end.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.write_end.get(), STDERR_FILENO);
    // run_program ignores SIGPIPE, and an ignored signal stays ignored over exec.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int process = -1;
    const int problem =
        ::pidfd_spawnp(&process, arguments.front().c_str(), &actions, &attributes,
                       pointers_to(arguments).data(), pointers_to(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        return fail_errno(std::format("starting {}", arguments.front()), problem);
    }
    return UniqueFd(process);
}

void collect(std::string_view bytes, std::string& text)
{
    text.append(bytes.substr(0, collected_limit - std::min(collected_limit, text.size())));
}

/// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& text)
{
    char buffer[16 * 1024];
    const auto count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) {
        return count < 0 && errno == EINTR;
    }
    collect({buffer, static_cast<std::size_t>(count)}, text);
    return true;
}

/// Reads what lies in the pipe of a process that has ended: the rest of what it wrote. What it left
/// running may hold the pipe for as long as it likes, and may go on to write.
void drain_rest(int fd, std::string& text)
{
    int count = 0;
    if (fd < 0 || ::ioctl(fd, FIONREAD, &count) != 0 || count <= 0) {
        return;
    }
    std::string rest(static_cast<std::size_t>(count), '\0');
    const auto read = ::read(fd, rest.data(), rest.size());
    collect(std::string_view(rest).substr(0, static_cast<std::size_t>(std::max<ssize_t>(read, 0))),
            text);
}

/// Feeds the input until all is written or nobody reads it.
void feed(UniqueFd& fd, std::string_view& rest)
{
    const auto written = ::write(fd.get(), rest.data(), rest.size());
    rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    if (rest.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) {
        fd.reset();
    }
}

/// Feeds the input and collects both streams until the process ends. False when the time is up.
bool converse(const Command& command, const UniqueFd& process, Pipe& input, Pipe& output,
              Pipe& errors, Outcome& outcome)
{
    const auto deadline = std::chrono::steady_clock::now() + command.time_limit;
    std::string_view rest = command.input;
    if (rest.empty()) {
        input.write_end.reset();
    }
    for (bool ended = false; !ended;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        std::array<pollfd, 4> polled{
            pollfd{output.read_end.get(), POLLIN, 0}, pollfd{errors.read_end.get(), POLLIN, 0},
            pollfd{input.write_end.get(), POLLOUT, 0}, pollfd{process.get(), POLLIN, 0}};
        const int ready = left.count() <= 0 ? 0
                                            : ::poll(polled.data(), polled.size(),
                                                     static_cast<int>(left.count()));
        if (ready == 0) {
            return false;
        }
        if (polled[0].revents != 0 && !drain(output.read_end.get(), outcome.output)) {
            output.read_end.reset();
        }
        if (polled[1].revents != 0 && !drain(errors.read_end.get(), outcome.errors)) {
            errors.read_end.reset();
        }
        if (polled[2].revents != 0) {
            feed(input.write_end, rest);
        }
        ended = polled[3].revents != 0;
    }
    drain_rest(output.read_end.get(), outcome.output);
    drain_rest(errors.read_end.get(), outcome.errors);
    return true;
}

/// As in Outcome. Blocks until the process has ended.
int take_exit_status(const UniqueFd& process)
{
    siginfo_t ended{};
    while (::waitid(P_PIDFD, static_cast<id_t>(process.get()), &ended, WEXITED) < 0 &&
           errno == EINTR) {
    }
    return ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
}

} // namespace

Result<Outcome> PosixProcesses::run(const Command& command)
{
    check(!command.arguments.empty(), "a command has a program");
    TRY_ASSIGN(auto input, make_pipe());
    TRY_ASSIGN(auto output, make_pipe());
    TRY_ASSIGN(auto errors, make_pipe());
    ::fcntl(input.write_end.get(), F_SETFL, O_NONBLOCK);
    TRY_ASSIGN(const auto process, start(command, input, output, errors));
    input.read_end.reset();
    output.write_end.reset();
    errors.write_end.reset();

    Outcome outcome;
    const bool in_time = converse(command, process, input, output, errors, outcome);
    if (!in_time) {
        ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    }
    outcome.exit_status = take_exit_status(process);
    if (!in_time) {
        return fail(Errc::timeout, "{} did not end within {}", command.arguments.front(),
                    std::chrono::duration_cast<std::chrono::seconds>(command.time_limit));
    }
    return outcome;
}

} // namespace holdfast::io
