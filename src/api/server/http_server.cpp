#include "api/server/http_server.hpp"

#include "api/server/http_listeners.hpp"
#include "base/log.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::api {

namespace {

/// Connections that wait to be accepted. The kernel cuts it to net.core.somaxconn (4096).
constexpr int backlog = 4096;

/// A thousand readers need a thousand descriptors, which systemd's soft limit of 1024 denies.
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

Failure<Error> failure(std::string_view what, beast::error_code problem)
{
    return fail(Errc::io, "{}: {}", what, problem.message());
}

/// Bind, open to the group, listen: nobody can connect before the mode is right.
Result<void> bind_local(asio::local::stream_protocol::acceptor& acceptor,
                        const SocketAddress& address)
{
    const auto& path = address.path.native();
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return fail_errno("removing the old socket " + path, errno);
    }
    beast::error_code problem;
    acceptor.open(asio::local::stream_protocol(), problem);
    if (!problem) {
        acceptor.bind(asio::local::stream_protocol::endpoint(path), problem);
    }
    if (problem) {
        return failure("binding " + path, problem);
    }
    const gid_t group = address.group.value_or(static_cast<gid_t>(-1));
    if (::chown(path.c_str(), static_cast<uid_t>(-1), group) != 0 ||
        ::chmod(path.c_str(), 0660) != 0) {
        return fail_errno("setting the group and mode of " + path, errno);
    }
    acceptor.listen(backlog, problem);
    if (problem) {
        return failure("listening on " + path, problem);
    }
    return {};
}

Result<void> bind_remote(asio::ip::tcp::acceptor& acceptor, const RemoteAddress& address)
{
    beast::error_code problem;
    const auto host = asio::ip::make_address(address.address, problem);
    if (problem) {
        return failure("the address " + address.address, problem);
    }
    const asio::ip::tcp::endpoint endpoint(host, address.port);
    acceptor.open(endpoint.protocol(), problem);
    if (!problem) {
        acceptor.set_option(asio::socket_base::reuse_address(true), problem);
    }
    if (!problem && host.is_v6()) {
        acceptor.set_option(asio::ip::v6_only(false), problem);
    }
    if (!problem) {
        acceptor.bind(endpoint, problem);
    }
    if (!problem) {
        acceptor.listen(backlog, problem);
    }
    if (problem) {
        return failure(std::format("listening on port {}", address.port), problem);
    }
    return {};
}

} // namespace

struct HttpServer::State {
    State(const Router& router, io::Clock& clock, ServerLimits limits)
        : common(loop), services(loop), ending(loop, SIGTERM, SIGINT), hangup(loop),
          service{router, clock, limits, loop, worker, connections}
    {
    }

    asio::local::stream_protocol::acceptor& local(LocalSocket which)
    {
        return which == LocalSocket::common ? common : services;
    }
    void start_accepting(LocalSocket which)
    {
        asio::co_spawn(loop, accept_local(local(which), which, service), asio::detached);
    }

    void wait_for_hangup()
    {
        hangup.async_wait([this](beast::error_code problem, int) {
            if (!problem) {
                hangup_callback();
                wait_for_hangup();
            }
        });
    }

    // The worker ends first, then the loop with what waits in it, which still counts itself out.
    RemoteConnections connections;
    asio::io_context loop{1};
    asio::thread_pool worker{1};
    asio::local::stream_protocol::acceptor common;
    asio::local::stream_protocol::acceptor services;
    asio::signal_set ending;
    asio::signal_set hangup;
    std::function<void()> hangup_callback;
    std::shared_ptr<RemoteListener> remote;
    std::uint16_t remote_port_asked = 0;
    Service service;
};

HttpServer::HttpServer(const Router& router, io::Clock& clock, ServerLimits limits)
    : state_(std::make_unique<State>(router, clock, limits))
{
    raise_descriptor_limit();
    state_->ending.async_wait([this](beast::error_code problem, int) {
        if (!problem) {
            stop();
        }
    });
}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(const SocketAddress& address)
{
    TRY(bind_local(state_->local(address.which), address));
    state_->start_accepting(address.which);
    return {};
}

Result<void> HttpServer::adopt(int listening_socket, LocalSocket which)
{
    beast::error_code problem;
    state_->local(which).assign(asio::local::stream_protocol(), listening_socket, problem);
    // Children get nothing but what they are given.
    if (problem || ::fcntl(listening_socket, F_SETFD, FD_CLOEXEC) != 0) {
        return fail(Errc::invalid, "descriptor {} is no listening socket", listening_socket);
    }
    state_->start_accepting(which);
    return {};
}

Result<std::uint16_t> HttpServer::listen_remote(const RemoteAddress& address)
{
    TRY_ASSIGN(auto keys, load_keys(address));
    auto& current = state_->remote;
    if (current != nullptr && state_->remote_port_asked == address.port) {
        current->keys->current = false;
        current->keys = std::move(keys);
        return current->acceptor.local_endpoint().port();
    }
    auto listener = std::make_shared<RemoteListener>(state_->loop);
    TRY(bind_remote(listener->acceptor, address));
    listener->keys = std::move(keys);
    close_remote();
    current = listener;
    state_->remote_port_asked = address.port;
    asio::co_spawn(state_->loop, accept_remote(listener, state_->service), asio::detached);
    return listener->acceptor.local_endpoint().port();
}

void HttpServer::close_remote()
{
    if (auto listener = std::move(state_->remote)) {
        beast::error_code ignored;
        listener->acceptor.close(ignored);
        listener->keys->current = false;
    }
}

void HttpServer::on_hangup(std::function<void()> callback)
{
    state_->hangup_callback = std::move(callback);
    beast::error_code problem;
    state_->hangup.add(SIGHUP, problem);
    check(!problem, "SIGHUP can be waited for");
    state_->wait_for_hangup();
}

void HttpServer::run()
{
    state_->loop.run();
    state_->worker.stop();
    state_->worker.join();
}

void HttpServer::stop()
{
    state_->loop.stop();
}

} // namespace holdfast::api
