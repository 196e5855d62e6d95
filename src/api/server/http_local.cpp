#include "api/server/http_listeners.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include <sys/socket.h>

namespace holdfast::api {

namespace {

using LocalStream = beast::basic_stream<asio::local::stream_protocol>;

Caller peer_of(LocalStream& stream, LocalSocket which)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(stream.socket().native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials,
                     &size) != 0) {
        return {std::nullopt, "unknown process"};
    }
    return {credentials.uid, "", which};
}

bool always()
{
    return true;
}

asio::awaitable<void> serve(asio::local::stream_protocol::socket socket, LocalSocket which,
                            Service& service)
{
    LocalStream stream(std::move(socket));
    auto caller = peer_of(stream, which);
    co_await converse(stream, service, std::move(caller), always);
}

} // namespace

asio::awaitable<void> accept_local(asio::local::stream_protocol::acceptor& acceptor,
                                   LocalSocket which, Service& service)
{
    while (acceptor.is_open()) {
        auto [problem, socket] = co_await acceptor.async_accept(as_result);
        if (!problem) {
            asio::co_spawn(service.loop, serve(std::move(socket), which, service), asio::detached);
        } else if (acceptor.is_open()) {
            // Out of descriptors, most likely. Those in use come back; spinning helps nobody.
            asio::steady_timer pause(service.loop, std::chrono::milliseconds(50));
            co_await pause.async_wait(as_result);
        }
    }
}

} // namespace holdfast::api
