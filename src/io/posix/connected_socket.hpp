#pragma once

// Private to this room: what both clients of sockets are made of.

#include "base/error.hpp"
#include "io/posix/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <span>
#include <string_view>
#include <sys/socket.h>

namespace holdfast::io {

/// A stream socket with somebody at the other end. Whatever waits ends by a deadline (`timeout`).
class ConnectedSocket {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    /// Errors: `not_found` when nobody listens at the path, `invalid` when it is longer than the
    /// 107 bytes of unix(7), `timeout`, `io`, `denied`.
    static Result<ConnectedSocket> connect_local(const std::filesystem::path& path,
                                                 Deadline deadline);
    static Result<ConnectedSocket> connect(const sockaddr* address, socklen_t size,
                                           Deadline deadline);

    /// At least one byte, and 0 at the end of the stream. Errors: `io`, `timeout`.
    Result<std::size_t> receive(std::span<char> bytes, Deadline deadline);
    /// All of it. Errors: `io`, `timeout`.
    Result<void> send(std::string_view bytes, Deadline deadline);
    int fd() const { return fd_.get(); }

private:
    explicit ConnectedSocket(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

} // namespace holdfast::io
