#include "io/posix/connected_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/un.h>

namespace holdfast::io {

namespace {

using Deadline = ConnectedSocket::Deadline;

Result<void> wait_for(int fd, short events, Deadline deadline)
{
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return fail(Errc::timeout, "the other side did not answer in time");
        }
        pollfd polled{fd, events, 0};
        const int ready =
            ::poll(&polled, 1, static_cast<int>(std::min<long>(left.count(), 60'000)));
        if (ready > 0) {
            return {};
        }
        if (ready < 0 && errno != EINTR) {
            return fail_errno("waiting for the connection", errno);
        }
    }
}

bool must_wait(int problem)
{
    return problem == EAGAIN || problem == EWOULDBLOCK || problem == EINTR;
}

} // namespace

Result<ConnectedSocket> ConnectedSocket::connect_local(const std::filesystem::path& path,
                                                       Deadline deadline)
{
    sockaddr_un address{};
    if (path.native().size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "the socket path {} is too long", path.native());
    }
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what connect(2) asks for.
    return connect(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline)
        .while_(path.native());
}

Result<ConnectedSocket> ConnectedSocket::connect(const sockaddr* address, socklen_t size,
                                                 Deadline deadline)
{
    UniqueFd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        return fail_errno("making a socket", errno);
    }
    // EAGAIN: the server's queue of a Unix socket is full; there is nothing to poll for.
    while (::connect(fd.get(), address, size) != 0) {
        if (errno == EINPROGRESS) {
            TRY(wait_for(fd.get(), POLLOUT, deadline));
            int problem = 0;
            socklen_t length = sizeof problem;
            ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &length);
            if (problem != 0) {
                return fail_errno("connecting", problem);
            }
            break;
        }
        if (address->sa_family == AF_UNIX && (errno == ECONNREFUSED || errno == ENOENT)) {
            return fail(Errc::not_found, "connecting: nobody listens");
        }
        if (errno != EAGAIN && errno != EINTR) {
            return fail_errno("connecting", errno);
        }
        if (std::chrono::steady_clock::now() > deadline) {
            return fail(Errc::timeout, "connecting: the server is too busy");
        }
        ::poll(nullptr, 0, 1);
    }
    return ConnectedSocket(std::move(fd));
}

Result<std::size_t> ConnectedSocket::receive(std::span<char> bytes, Deadline deadline)
{
    for (;;) {
        const auto count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (!must_wait(errno)) {
            return fail(Errc::io, "reading from the connection: {}",
                        std::generic_category().message(errno));
        }
        TRY(wait_for(fd_.get(), POLLIN, deadline));
    }
}

Result<void> ConnectedSocket::send(std::string_view bytes, Deadline deadline)
{
    while (!bytes.empty()) {
        const auto count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (!must_wait(errno)) {
            return fail(Errc::io, "writing to the connection: {}",
                        std::generic_category().message(errno));
        } else {
            TRY(wait_for(fd_.get(), POLLOUT, deadline));
        }
    }
    return {};
}

} // namespace holdfast::io
