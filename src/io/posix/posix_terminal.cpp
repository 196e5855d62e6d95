#include "io/posix/posix_terminal.hpp"

#include <poll.h>
#include <thread>
#include <unistd.h>

namespace holdfast::io {

bool is_standard_error_a_terminal()
{
    return ::isatty(STDERR_FILENO) == 1;
}

bool PosixTerminal::interactive()
{
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

void PosixTerminal::make_raw()
{
    termios now{};
    if (before_ || ::tcgetattr(STDIN_FILENO, &now) != 0) {
        return;
    }
    before_ = now;
    ::cfmakeraw(&now);
    now.c_oflag |= OPOST; // Our own lines end with a bare newline.
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

void PosixTerminal::restore()
{
    if (before_) {
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
        before_.reset();
    }
}

std::string PosixTerminal::read_some(std::chrono::milliseconds limit)
{
    if (input_ended_) {
        std::this_thread::sleep_for(limit);
        return {};
    }
    pollfd polled{STDIN_FILENO, POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(limit.count())) <= 0) {
        return {};
    }
    std::string text(4096, '\0');
    const auto count = ::read(STDIN_FILENO, text.data(), text.size());
    input_ended_ = count <= 0;
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

void PosixTerminal::write(std::string_view text)
{
    while (!text.empty()) {
        const auto count = ::write(STDOUT_FILENO, text.data(), text.size());
        if (count <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

} // namespace holdfast::io
