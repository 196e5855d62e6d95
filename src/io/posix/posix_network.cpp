#include "io/posix/posix_network.hpp"

#include "io/posix/connected_socket.hpp"

#include <netdb.h>

namespace holdfast::io {

namespace {

class SocketStream final : public ByteStream {
public:
    SocketStream(ConnectedSocket socket, ConnectedSocket::Deadline deadline)
        : socket_(std::move(socket)), deadline_(deadline)
    {
    }

    Result<std::size_t> read_some(std::span<char> bytes) override
    {
        return socket_.receive(bytes, deadline_);
    }
    Result<void> write_all(std::string_view bytes) override
    {
        return socket_.send(bytes, deadline_);
    }
    void shut_down() override { (void)::shutdown(socket_.fd(), SHUT_RDWR); }

private:
    ConnectedSocket socket_;
    ConnectedSocket::Deadline deadline_;
};

struct FreeAddresses {
    void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

} // namespace

Result<std::unique_ptr<ByteStream>> PosixNetwork::connect_local(const std::filesystem::path& path,
                                                                std::chrono::milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    TRY_ASSIGN(auto socket, ConnectedSocket::connect_local(path, deadline));
    return std::make_unique<SocketStream>(std::move(socket), deadline);
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
    Result<ConnectedSocket> connected = fail(Errc::io, "{} has no address", host);
    for (const auto* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
        connected = ConnectedSocket::connect(entry->ai_addr, entry->ai_addrlen,
                                             started + limits.connecting);
        if (connected.has_value()) {
            break;
        }
    }
    TRY_ASSIGN(auto socket, std::move(connected).while_(std::format("{}:{}", host, port)));
    return std::make_unique<SocketStream>(std::move(socket), started + limits.whole);
}

} // namespace holdfast::io
