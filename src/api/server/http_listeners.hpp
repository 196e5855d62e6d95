#pragma once

// Private to http_*.cpp: the two listeners.

#include "api/server/http_session.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace boost::asio::ssl {
class context;
}

namespace holdfast::api {

/// Accepts on a Unix socket until it is closed.
asio::awaitable<void> accept_local(asio::local::stream_protocol::acceptor& acceptor,
                                   LocalSocket which, Service& service);

/// The keys of the remote listener. Sessions keep the ones they began with, and end when these are
/// no longer the current ones; both sides hold them, hence shared.
struct RemoteKeys {
    explicit RemoteKeys(std::unique_ptr<asio::ssl::context> context_);
    ~RemoteKeys();
    std::unique_ptr<asio::ssl::context> context;
    bool current = true; ///< Read and written on the event loop only.
};

/// Errors: `invalid` for PEM texts that OpenSSL refuses or that don't fit together.
Result<std::shared_ptr<RemoteKeys>> load_keys(const RemoteAddress& address);

/// The TLS listener; shared between the server and its accept loop, which ends after the close.
struct RemoteListener {
    explicit RemoteListener(asio::io_context& loop) : acceptor(loop) {}
    asio::ip::tcp::acceptor acceptor;
    std::shared_ptr<RemoteKeys> keys;
};

asio::awaitable<void> accept_remote(std::shared_ptr<RemoteListener> listener, Service& service);

} // namespace holdfast::api
