#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::io {

/// A connection. Every call ends by the deadline the connection was made with (`timeout`).
class ByteStream {
public:
    virtual ~ByteStream() = default;
    /// At least one byte; 0 at the end of the stream. Errors: `io`, `timeout`.
    virtual Result<std::size_t> read_some(std::span<char> bytes) = 0;
    virtual Result<void> write_all(std::string_view bytes) = 0;
    /// From any thread: who waits for the other side, now or later, waits no longer. Reading finds
    /// the end of the stream, writing fails.
    virtual void shut_down() = 0;
};

/// What a conversation may take.
struct TimeLimits {
    std::chrono::milliseconds whole;
    std::chrono::milliseconds connecting = whole;
};

/// Connections to servers.
class Network {
public:
    virtual ~Network() = default;
    /// A Unix socket. The whole conversation has to end within `limit`.
    virtual Result<std::unique_ptr<ByteStream>> connect_local(const std::filesystem::path& path,
                                                              std::chrono::milliseconds limit) = 0;
    /// TCP to a name or a literal address; each address of a name is tried in turn. How long a name
    /// is looked up is the resolver's matter.
    virtual Result<std::unique_ptr<ByteStream>>
    connect_tcp(const std::string& host, std::uint16_t port, TimeLimits limits) = 0;
};

} // namespace holdfast::io
