#include "io/posix/posix_sockets.hpp"

#include "io/posix/unique_fd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <format>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace holdfast::io {

namespace {

using Clock = std::chrono::steady_clock;

/// Waits until the socket is ready for `events` or the deadline has passed.
Result<void> wait_until_ready(int fd, short events, Clock::time_point deadline)
{
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd polled{fd, events, 0};
        const int ready = ::poll(&polled, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready > 0) {
            return {};
        }
        if (ready == 0) {
            return fail(Errc::timeout, "the other side of the socket is silent");
        }
        if (errno != EINTR) {
            return fail_errno("waiting for a socket", errno);
        }
    }
}

class PosixStream final : public Stream {
public:
    explicit PosixStream(UniqueFd fd) : fd_(std::move(fd)) {}

    Result<std::string> read_some(std::chrono::milliseconds limit) override
    {
        TRY(wait_until_ready(fd_.get(), POLLIN, Clock::now() + limit));
        std::string bytes(64U << 10, '\0');
        const auto count = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0) {
            return fail_errno("reading from a socket", errno);
        }
        bytes.resize(static_cast<std::size_t>(count));
        return bytes;
    }

    Result<void> write_all(std::string_view bytes, std::chrono::milliseconds limit) override
    {
        const auto deadline = Clock::now() + limit;
        while (!bytes.empty()) {
            TRY(wait_until_ready(fd_.get(), POLLOUT, deadline));
            const auto count =
                ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count < 0 && errno != EAGAIN && errno != EINTR) {
                return fail_errno("writing to a socket", errno);
            }
            bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        return {};
    }

    Result<void> wait_until_taken(std::chrono::milliseconds limit) override
    {
        const auto deadline = Clock::now() + limit;
        int waiting = 0;
        while (::ioctl(fd_.get(), SIOCOUTQ, &waiting) == 0 && waiting > 0) {
            if (Clock::now() >= deadline) {
                return fail(Errc::timeout, "the other side of the socket takes nothing");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        return {};
    }

private:
    UniqueFd fd_;
};

} // namespace

Result<std::unique_ptr<Stream>> PosixSockets::connect_local(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "{} is too long for a socket", path.native());
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) {
        return fail_errno("making a socket", errno);
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what connect(2) asks for.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == ECONNREFUSED || errno == ENOENT) {
            return fail(Errc::not_found, "nobody listens at {}", path.native());
        }
        return fail_errno(std::format("connecting to {}", path.native()), errno);
    }
    return std::make_unique<PosixStream>(std::move(fd));
}

Result<std::uint16_t> PosixSockets::free_loopback_port()
{
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): what bind(2) asks for.
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        return fail_errno("looking for a free port", errno);
    }
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    return ntohs(address.sin_port);
}

} // namespace holdfast::io
