#pragma once

#include "api/client/http_exchange.hpp"
#include "io/files.hpp"
#include "io/network.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::api {

/// The API as a program sees it: one request, one answer.
class Client {
public:
    virtual ~Client() = default;
    /// Sends one request; a body is JSON. Any status is a success here.
    /// Errors: `io`, `timeout`, `denied`, `not_found` where there is no server to be reached.
    virtual Result<HttpReply> exchange(std::string_view method, std::string_view target,
                                       std::string_view body = {}) = 0;
    /// The same, and expects a 2xx status. Else the error reads "Failed GET request to '/x': Status
    /// 404 when GETing /x: …": other programs cut the number out of it. Its code follows the
    /// status.
    Result<std::string> request(std::string_view method, std::string_view target,
                                std::string_view body = {});
    /// As `request`, for what a person asked for: where the server refuses that with a reason, the
    /// error is the reason alone.
    Result<std::string> demand(std::string_view method, std::string_view target,
                               std::string_view body = {});

private:
    Result<std::string> accepted(HttpReply reply, std::string_view method, std::string_view target);
};

/// Over the Unix socket on this machine.
class LocalClient final : public Client {
public:
    LocalClient(io::Network& network, std::filesystem::path socket)
        : network_(network), socket_(std::move(socket))
    {
    }
    Result<HttpReply> exchange(std::string_view method, std::string_view target,
                               std::string_view body) override;

private:
    io::Network& network_;
    std::filesystem::path socket_;
};

/// Where a remote API is, and the files (PEM) that prove both sides.
struct RemoteServer {
    std::string host;
    std::uint16_t port = 8443;
    std::filesystem::path ca;
    std::filesystem::path certificate;
    std::filesystem::path key;

    /// Reads "HOST:PORT"; an IPv6 address stands in brackets. Errors: `invalid`.
    static Result<RemoteServer> parse(std::string_view address);
};

/// Over TLS 1.3 with a client certificate.
class RemoteClient final : public Client {
public:
    RemoteClient(io::Network& network, io::Files& files, RemoteServer server)
        : network_(network), files_(files), server_(std::move(server))
    {
    }
    Result<HttpReply> exchange(std::string_view method, std::string_view target,
                               std::string_view body) override;

private:
    io::Network& network_;
    io::Files& files_;
    RemoteServer server_;
};

} // namespace holdfast::api
