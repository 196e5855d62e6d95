#include "io/posix/posix_network.hpp"

#include "io/posix/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace holdfast::io {

namespace {

using Deadline = std::chrono::steady_clock::time_point;

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

class SocketStream final : public ByteStream {
public:
    SocketStream(UniqueFd fd, Deadline deadline) : fd_(std::move(fd)), deadline_(deadline) {}

    Result<std::size_t> read_some(std::span<char> bytes) override
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
            TRY(wait_for(fd_.get(), POLLIN, deadline_));
        }
    }

    Result<void> write_all(std::string_view bytes) override
    {
        while (!bytes.empty()) {
            const auto count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(count));
            } else if (!must_wait(errno)) {
                return fail(Errc::io, "writing to the connection: {}",
                            std::generic_category().message(errno));
            } else {
                TRY(wait_for(fd_.get(), POLLOUT, deadline_));
            }
        }
        return {};
    }

    void shut_down() override { (void)::shutdown(fd_.get(), SHUT_RDWR); }

private:
    UniqueFd fd_;
    Deadline deadline_;
};

Result<UniqueFd> connect_to(const sockaddr* address, socklen_t size, Deadline deadline)
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
        if (errno != EAGAIN && errno != EINTR) {
            return fail_errno("connecting", errno);
        }
        if (std::chrono::steady_clock::now() > deadline) {
            return fail(Errc::timeout, "connecting: the server is too busy");
        }
        ::poll(nullptr, 0, 1);
    }
    return fd;
}

struct FreeAddresses {
    void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

} // namespace

Result<std::unique_ptr<ByteStream>> PosixNetwork::connect_local(const std::filesystem::path& path,
                                                                std::chrono::milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    sockaddr_un address{};
    if (path.native().size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "the socket path {} is too long", path.native());
    }
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    TRY_ASSIGN(auto fd,
               connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline)
                   .while_(path.native()));
    return std::make_unique<SocketStream>(std::move(fd), deadline);
}

Result<std::unique_ptr<ByteStream>> PosixNetwork::connect_tcp(const std::string& host,
                                                              std::uint16_t port, TimeLimits limits)
{
    const auto started = std::chrono::steady_clock::now();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
    const std::unique_ptr<addrinfo, FreeAddresses> addresses(raw);
    if (problem != 0) {
        return fail(Errc::io, "looking up {}: {}", host, ::gai_strerror(problem));
    }
    Result<UniqueFd> connected = fail(Errc::io, "{} has no address", host);
    for (const auto* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
        connected = connect_to(entry->ai_addr, entry->ai_addrlen, started + limits.connecting);
        if (connected.has_value()) {
            break;
        }
    }
    TRY_ASSIGN(auto fd, std::move(connected).while_(std::format("{}:{}", host, port)));
    return std::make_unique<SocketStream>(std::move(fd), started + limits.whole);
}

} // namespace holdfast::io
