#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/sockets.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::machine {

/// What a command typed at the console answered.
struct ShellAnswer {
    int exit_status = 0;
    std::string output; ///< Standard output and error, without the last newline.
    /// Whether that is what the shell wrote. On a serial line others write too (systemd, the kernel), in between; and
    /// an emulated one that is busy has been seen to send a character twice.
    bool intact = false;
};

/// Terminal text without escape sequences, carriage returns and other control characters, so that
/// patterns see words and not colours.
std::string plain_text(std::string_view terminal_text);

/// Finds the last answer to `ask_shell` number `tag` in console text, or nothing while there is none: the output
/// between two marks, of which the second bears exit status and SHA-256.
std::optional<ShellAnswer> find_shell_answer(std::string_view text, int tag);

/// The machine's serial console: a log that grows, and a socket to type into. Text is read once:
/// each match moves on behind itself.
class Console {
public:
    Console(io::Files& files, io::Clock& clock, io::Sockets& sockets, std::filesystem::path log,
            std::filesystem::path socket)
        : files_(&files), clock_(&clock), sockets_(&sockets), log_(std::move(log)),
          socket_(std::move(socket))
    {
    }

    /// The first line behind the last match that the ECMAScript regular expression is found in.
    /// Errors: `timeout` with the last lines seen, `invalid` for a broken expression.
    Result<std::string> wait_for(const std::string& pattern, std::chrono::milliseconds limit);
    /// Everything since the start of the log. An unwritten log is empty text.
    Result<std::string> text();
    /// Forgets what has been written so far.
    Result<void> skip_to_end();
    /// Presses the keys of `text`.
    Result<void> type(std::string_view text);
    /// Types a command into the root shell of a development image and waits until it has ended. It
    /// has no standard input, and is run once; its output is asked for until it arrives intact.
    /// The shell is a POSIX one that has given its prompt, and has coreutils.
    Result<ShellAnswer> ask_shell(const std::string& command, std::chrono::milliseconds limit);

private:
    io::Files* files_;
    io::Clock* clock_;
    io::Sockets* sockets_;
    std::filesystem::path log_;
    std::filesystem::path socket_;
    std::size_t seen_ = 0; ///< Bytes of the log.
    int asked_ = 0;
};

} // namespace holdfast::machine
