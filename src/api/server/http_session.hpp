#pragma once

// Private to http_*.cpp: the conversation over one connection, for any kind of stream.

#include "api/server/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <list>

namespace holdfast::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// The remote connections there are, of all listeners. Touched on the event loop only.
struct RemoteConnections {
    std::list<beast::tcp_stream*>
        handshakes;           ///< Without a certificate so far, the oldest in front.
    std::size_t sessions = 0; ///< With one.
};

/// What every session borrows from the server, which outlives them all.
struct Service {
    const Router& router;
    io::Clock& clock;
    ServerLimits limits;
    asio::io_context& loop;
    asio::thread_pool& worker;
    RemoteConnections& remote;
};

using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;

/// Runs the handler on the worker thread.
asio::awaitable<HttpResponse> answer(Service& service, HttpRequest request, Caller caller);
/// The reply to a request that could not be read; nothing where the peer has just gone.
std::optional<HttpResponse> reply_to_broken(beast::error_code problem);

/// Whether the connection may go on; the remote listener's keys may have changed meanwhile, or the
/// client's certificate may have expired.
using StillWelcome = std::function<bool()>;

/// Answers one request after the other until either side ends.
template <typename Stream>
asio::awaitable<void> converse(Stream& stream, Service& service, Caller caller,
                               StillWelcome still_welcome)
{
    beast::flat_buffer buffer(16U << 10);
    for (;;) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(service.limits.body);
        parser.header_limit(16U << 10);
        beast::get_lowest_layer(stream).expires_after(service.limits.idle);
        const auto [problem, size] = co_await http::async_read(stream, buffer, parser, as_result);
        std::optional<HttpResponse> response;
        if (problem) {
            response = reply_to_broken(problem);
        } else if (still_welcome()) {
            response = co_await answer(service, parser.release(), caller);
        }
        if (!response.has_value()) {
            co_return;
        }
        beast::get_lowest_layer(stream).expires_after(service.limits.transfer);
        const bool keep_alive = response->keep_alive();
        const auto [failed, sent] = co_await http::async_write(stream, *response, as_result);
        if (failed || !keep_alive) {
            co_return;
        }
    }
}

} // namespace holdfast::api
