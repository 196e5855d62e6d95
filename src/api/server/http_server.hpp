#pragma once

#include "api/server/router.hpp"
#include "io/clock.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace holdfast::api {

/// Where and to whom the server listens on this machine.
struct SocketAddress {
    std::filesystem::path path;
    std::optional<std::uint32_t> group; ///< The socket's group; it gets mode 0660.
    LocalSocket which = LocalSocket::common;
};

/// Keys and port of the remote listener, as PEM texts.
struct RemoteAddress {
    std::string address = "::"; ///< Literal IP address; "::" takes IPv4 too.
    std::uint16_t port = 8443;  ///< 0 lets the system choose (for tests).
    std::string client_ca;
    std::string server_certificate;
    std::string server_key;
};

struct ServerLimits {
    std::size_t body = 2U << 20;
    std::chrono::milliseconds idle = std::chrono::minutes{2};      ///< Between two requests.
    std::chrono::milliseconds transfer = std::chrono::seconds{30}; ///< One request or reply.
    /// Remote connections that have not shown a certificate yet. One more, and the oldest of them
    /// gives way: a client with a certificate needs a moment only, so that nobody locks it out who
    /// just opens connections.
    std::size_t remote_handshakes = 64;
    /// Those that have. One more is closed. The body of a request of each fits into MemoryMax= of
    /// apiserver.service.
    std::size_t remote_sessions = 64;
};

/// The HTTP/1.1 server: one event-loop thread (the caller of `run`), and one worker thread on which
/// the router's handlers run. There is no thread per connection; thousands may wait.
class HttpServer {
public:
    HttpServer(const Router& router, io::Clock& clock, ServerLimits limits = {});
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Binds, sets group and mode, and listens; a stale socket file is replaced.
    /// Errors: `io`, `denied`.
    Result<void> listen(const SocketAddress& address);
    /// Serves a Unix socket that somebody else has bound and listens on, and takes its ownership.
    /// Errors: `invalid` when the descriptor is none.
    Result<void> adopt(int listening_socket, LocalSocket which);
    /// Starts the TLS 1.3 listener, or replaces the one that runs. Every client must show a
    /// certificate of the given CA; others end at the handshake. Returns the port. Connections made
    /// under the old keys, or by a certificate that has expired since, serve no further request.
    /// How many there may be is in ServerLimits; callers on the Unix socket are not counted.
    /// Errors: `invalid` for keys that don't fit together, `io`; an old listener then stays as it
    /// is.
    Result<std::uint16_t> listen_remote(const RemoteAddress& address);
    /// Ends the remote listener; its connections serve no further request.
    void close_remote();
    /// Calls back on the event loop when the process gets SIGHUP.
    void on_hangup(std::function<void()> callback);

    /// Serves until `stop()`, or until SIGTERM or SIGINT.
    void run();
    /// From any thread.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace holdfast::api
