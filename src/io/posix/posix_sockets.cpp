#include "io/posix/posix_sockets.hpp"

#include "io/posix/connected_socket.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <thread>

namespace holdfast::io {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// For a server to take a connection.
constexpr std::chrono::minutes connect_limit{1};

class PosixStream final : public Stream {
public:
    explicit PosixStream(ConnectedSocket socket) : socket_(std::move(socket)) {}

    Result<std::string> read_some(std::chrono::milliseconds limit) override
    {
        std::string bytes(64U << 10, '\0');
        TRY_ASSIGN(const auto count, socket_.receive(bytes, SteadyClock::now() + limit));
        bytes.resize(count);
        return bytes;
    }

    Result<void> write_all(std::string_view bytes, std::chrono::milliseconds limit) override
    {
        return socket_.send(bytes, SteadyClock::now() + limit);
    }

    Result<void> wait_until_taken(std::chrono::milliseconds limit) override
    {
        const auto deadline = SteadyClock::now() + limit;
        int waiting = 0;
        while (::ioctl(socket_.fd(), SIOCOUTQ, &waiting) == 0 && waiting > 0) {
            if (SteadyClock::now() >= deadline) {
                return fail(Errc::timeout, "the other side of the socket takes nothing");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        return {};
    }

private:
    ConnectedSocket socket_;
};

} // namespace

Result<std::unique_ptr<Stream>> PosixSockets::connect_local(const std::filesystem::path& path)
{
    TRY_ASSIGN(auto socket,
               ConnectedSocket::connect_local(path, SteadyClock::now() + connect_limit));
    return std::make_unique<PosixStream>(std::move(socket));
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
