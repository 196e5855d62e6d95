#pragma once

#include "base/fallible.hpp"

#include <format>
#include <string>
#include <string_view>

namespace holdfast {

/// Why something failed, as far as a caller acts on it. Detail belongs in the message. Every code
/// has one HTTP status (api/server/http_status.cpp), so a new one is a decision about the API.
enum class Errc {
    invalid,     ///< The caller's input is wrong; nothing was changed.
    not_found,   ///< What was named does not exist.
    no_changes,  ///< A commit of a transaction that holds nothing.
    conflict,    ///< Not allowed in the present state.
    locked,      ///< Somebody else is at it; trying again later may work.
    too_large,   ///< Over a documented limit.
    denied,      ///< The operating system refused for lack of rights, or a read-only mount.
    no_space,    ///< The disk is full.
    io,          ///< A device, file or network operation failed.
    timeout,     ///< A bounded wait ran out.
    corrupt,     ///< Stored bytes are not what they must be.
    unsupported, ///< Understood, but this build or machine cannot do it.
    internal,    ///< A bug of ours, or a broken machine.
};

/// The name of the code as it stands in logs: "not_found".
std::string_view name(Errc code);

/// A code and a sentence for the person who can act on it. Contexts gather outside in:
/// "applying settings.ntp: rendering /etc/chrony.conf: No space left on device".
class Error {
public:
    Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

    Errc code() const { return code_; }
    const std::string& message() const { return message_; }

    void add_context(std::string_view doing) { message_ = std::format("{}: {}", doing, message_); }

private:
    Errc code_;
    std::string message_;
};

template <typename T>
using Result = Fallible<T, Error>;

/// `return fail(Errc::invalid, "settings.{}: expected a host name", key);`
template <typename... Args>
Failure<Error> fail(Errc code, std::format_string<Args...> format, Args&&... args)
{
    return Failure{Error{code, std::format(format, std::forward<Args>(args)...)}};
}

/// The error of the last failed system call: maps `errno` to a code, and adds its text.
/// `what` says what was attempted: "opening /etc/motd".
Failure<Error> fail_errno(std::string_view what, int error_number);

/// Aborts with the text when a condition that the code itself guarantees does not hold.
void check(bool condition, std::string_view what);

} // namespace holdfast
