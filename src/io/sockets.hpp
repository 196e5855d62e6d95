#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::io {

/// A connected byte stream. Closed when destroyed.
class Stream {
public:
    virtual ~Stream() = default;
    /// What has arrived, at most 64 KiB; empty at the end of the stream. Waits for the first byte.
    /// Errors: `timeout` when nothing came within `limit`, `io`.
    virtual Result<std::string> read_some(std::chrono::milliseconds limit) = 0;
    /// All of `bytes`. Errors: `timeout` after which a part may have gone out, `io`.
    virtual Result<void> write_all(std::string_view bytes, std::chrono::milliseconds limit) = 0;
    /// Until the other side has taken all that was written. Some drop what they have not read when
    /// the connection ends. Errors: `timeout`.
    virtual Result<void> wait_until_taken(std::chrono::milliseconds limit) = 0;
};

/// Stream sockets of this machine.
class Sockets {
public:
    virtual ~Sockets() = default;
    /// Errors: `not_found` when nobody listens at the path, `invalid` when it is longer than the
    /// 107 bytes of unix(7), `timeout` when the server takes no connection for a minute, `io`.
    virtual Result<std::unique_ptr<Stream>> connect_local(const std::filesystem::path& path) = 0;
    /// A TCP port of 127.0.0.1 that nobody uses at this moment; somebody may take it before the
    /// caller does.
    virtual Result<std::uint16_t> free_loopback_port() = 0;
};

} // namespace holdfast::io
