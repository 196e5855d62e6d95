// host-ctr-wait PIDFD OUTPUT ERRORS PROGRAM ARGUMENT…
//
// PIDFD is "-" for a process that has ended already; what it wrote is then still to be copied.
// Stays beside a running container: copies its two streams to ours (the journal), hands SIGTERM on
// to it, kills it when it does not end within 20 s, and becomes PROGRAM when it has ended, with
// "--stopped" appended when that was asked for. Static, without heap, threads or libstdc++'s
// locales: one of these runs for each container for as long as it lives.

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr std::int64_t patience_ms = 20'000;
constexpr std::int64_t drain_ms = 2'000;
constexpr std::size_t most_arguments = 64;

std::int64_t now_ms()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now); // The one clock of a program without seams.
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void say(std::string_view text)
{
    (void)!::write(STDERR_FILENO, text.data(), text.size());
}

/// One stream on its way. Bytes are read only when the last ones have gone, so a reader that is
/// slow slows the container down and costs no memory.
struct Stream {
    int from = -1;
    int to = -1;
    std::array<char, 4096> bytes;
    std::size_t begin = 0;
    std::size_t end = 0;

    bool is_empty() const { return begin == end; }

    pollfd wanted() const
    {
        return is_empty() ? pollfd{from, POLLIN, 0} : pollfd{to, POLLOUT, 0};
    }

    /// As read(2): 0 at the end of the stream, negative when nothing is there now.
    ssize_t fill()
    {
        const auto count = ::read(from, bytes.data(), bytes.size());
        begin = 0;
        end = count > 0 ? static_cast<std::size_t>(count) : 0;
        return count;
    }

    void flush()
    {
        const auto count = ::write(to, bytes.data() + begin, end - begin);
        if (count >= 0) {
            begin += static_cast<std::size_t>(count);
        } else if (errno != EAGAIN && errno != EINTR) {
            begin = end; // The journal went away; the container shall not notice.
        }
    }

    void move()
    {
        if (!is_empty() || fill() > 0) {
            flush();
        }
    }

    /// What is still on its way when the process has ended: until containerd's shim has closed its
    /// end, but not for ever, as children of the process may have it open too.
    void drain()
    {
        leave_writing();
        const auto deadline = now_ms() + drain_ms;
        while (now_ms() < deadline) {
            if (is_empty()) {
                const auto count = fill();
                if (count == 0) {
                    return;
                }
                if (count < 0) {
                    pollfd readable{from, POLLIN, 0};
                    (void)::poll(&readable, 1, 50);
                    continue;
                }
            }
            pollfd writable{to, POLLOUT, 0};
            if (::poll(&writable, 1, 50) > 0) {
                flush();
            }
        }
    }

private:
    /// While we have the FIFO open for writing ourselves, there is no end of file.
    void leave_writing()
    {
        std::array<char, 32> path{"/proc/self/fd/"};
        std::to_chars(path.data() + std::strlen(path.data()), path.end() - 1, from);
        const int reader = ::open(path.data(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (reader >= 0) {
            ::close(from);
            from = reader;
        }
    }
};

/// To the first process of the container, whatever its number means by now.
void send(int process, int signal)
{
    (void)::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0);
}

int open_signals()
{
    sigset_t awaited;
    ::sigemptyset(&awaited);
    ::sigaddset(&awaited, SIGTERM);
    ::sigaddset(&awaited, SIGINT);
    ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return ::signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// Stays until the process has ended; true when it was asked to.
bool wait_for_end(int process, Stream& output, Stream& errors)
{
    static constexpr std::int64_t never = -1;
    const int signals = open_signals();
    bool asked = false;
    std::int64_t deadline = never;
    for (;;) {
        std::array<pollfd, 4> polled{pollfd{process, POLLIN, 0}, pollfd{signals, POLLIN, 0},
                                     output.wanted(), errors.wanted()};
        const auto left = deadline - now_ms();
        const int limit = deadline == never ? -1 : static_cast<int>(left > 0 ? left : 0);
        const int ready = ::poll(polled.data(), polled.size(), limit);
        if (ready < 0 && errno != EINTR) {
            return asked;
        }
        if (ready > 0 && polled[0].revents != 0) {
            return asked;
        }
        if (ready > 0 && polled[1].revents != 0) {
            signalfd_siginfo ignored{};
            (void)!::read(signals, &ignored, sizeof ignored);
            send(process, SIGTERM);
            deadline = asked ? deadline : now_ms() + patience_ms;
            asked = true;
        }
        if (deadline != never && now_ms() >= deadline) {
            say("host-ctr-wait: the container did not end within 20 s; killing it\n");
            send(process, SIGKILL);
            deadline = never;
        }
        if (ready > 0 && polled[2].revents != 0) {
            output.move();
        }
        if (ready > 0 && polled[3].revents != 0) {
            errors.move();
        }
    }
}

/// The descriptor that an argument names, or -1.
int descriptor(const char* text)
{
    int value = -1;
    const auto end = text + std::strlen(text);
    const auto parsed = std::from_chars(text, end, value);
    const bool fits = parsed.ec == std::errc{} && parsed.ptr == end && value >= 0 &&
                      ::fcntl(value, F_SETFD, FD_CLOEXEC) == 0;
    return fits ? value : -1;
}

} // namespace

int main(int argc, char** argv)
{
    const auto count = static_cast<std::size_t>(argc);
    if (count < 5 || count > most_arguments) {
        say("usage: host-ctr-wait PIDFD OUTPUT ERRORS PROGRAM ARGUMENT...\n");
        return 2;
    }
    const bool has_ended = std::string_view(argv[1]) == "-";
    const int process = has_ended ? -1 : descriptor(argv[1]);
    static Stream output;
    static Stream errors;
    output.from = descriptor(argv[2]);
    output.to = STDOUT_FILENO;
    errors.from = descriptor(argv[3]);
    errors.to = STDERR_FILENO;
    if ((!has_ended && process < 0) || output.from < 0 || errors.from < 0) {
        say("host-ctr-wait: PIDFD, OUTPUT and ERRORS are open descriptors\n");
        return 2;
    }

    const bool asked = !has_ended && wait_for_end(process, output, errors);
    output.drain();
    errors.drain();

    std::array<char*, most_arguments + 1> next{};
    std::size_t used = 0;
    for (std::size_t i = 4; i < count; ++i) {
        next[used++] = argv[i];
    }
    static char stopped[] = "--stopped";
    next[used] = asked ? stopped : nullptr;
    ::execv(next[0], next.data());
    say("host-ctr-wait: cannot start the program that cleans up\n");
    return 1;
}
