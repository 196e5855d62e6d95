#include "api/client/client.hpp"

#include "api/client/tls_stream.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <charconv>

namespace holdfast::api {

namespace {

/// Long enough for a commit on a slow disk behind a queue of others.
constexpr auto time_limit = std::chrono::minutes(2);

Errc code_of(int status)
{
    switch (status) {
    case 404: return Errc::not_found;
    case 409: return Errc::conflict;
    case 413: return Errc::too_large;
    case 422: return Errc::no_changes;
    case 423: return Errc::locked;
    default: return status >= 400 && status < 500 ? Errc::invalid : Errc::internal;
    }
}

HttpQuestion question(std::string_view host, std::string_view method, std::string_view target,
                      std::string_view body)
{
    return {.method = std::string(method),
            .host = std::string(host),
            .target = std::string(target),
            .body = std::string(body)};
}

} // namespace

Result<std::string> Client::request(std::string_view method, std::string_view target,
                                    std::string_view body)
{
    TRY_ASSIGN(auto reply, exchange(method, target, body)
                               .while_(std::format("Failed {} request to '{}'", method, target)));
    return accepted(std::move(reply), method, target);
}

Result<std::string> Client::demand(std::string_view method, std::string_view target,
                                   std::string_view body)
{
    TRY_ASSIGN(auto reply, exchange(method, target, body).while_("The API cannot be reached"));
    const bool is_refusal = reply.status >= 400 && reply.status <= 499;
    if (const auto reason = trimmed(reply.body); is_refusal && !reason.empty()) {
        return fail(code_of(reply.status), "{}", reason);
    }
    return accepted(std::move(reply), method, target);
}

Result<std::string> Client::accepted(HttpReply reply, std::string_view method,
                                     std::string_view target)
{
    log::debug("the API replied", {{"status", std::to_string(reply.status)},
                                   {"method", std::string(method)},
                                   {"uri", std::string(target)}});
    if (reply.status < 200 || reply.status > 299) {
        return fail(code_of(reply.status),
                    "Failed {0} request to '{1}': Status {2} when {0}ing "
                    "{1}: {3}",
                    method, target, reply.status, reply.body);
    }
    return std::move(reply.body);
}

Result<HttpReply> LocalClient::exchange(std::string_view method, std::string_view target,
                                        std::string_view body)
{
    TRY_ASSIGN(auto stream, network_.connect_local(socket_, time_limit));
    return exchange_http(*stream, question("localhost", method, target, body));
}

Result<RemoteServer> RemoteServer::parse(std::string_view address)
{
    const auto colon = address.rfind(':');
    RemoteServer server;
    const auto port = colon == std::string_view::npos ? "" : address.substr(colon + 1);
    const auto [end, problem] =
        std::from_chars(port.data(), port.data() + port.size(), server.port);
    auto host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (problem != std::errc() || end != port.data() + port.size() || host.empty()) {
        return fail(Errc::invalid, "expected HOST:PORT, not '{}'", address);
    }
    server.host = host;
    return server;
}

Result<HttpReply> RemoteClient::exchange(std::string_view method, std::string_view target,
                                         std::string_view body)
{
    TlsKeys keys;
    keys.server_name = server_.host;
    TRY_ASSIGN(keys.ca, files_.read(server_.ca));
    TRY_ASSIGN(keys.certificate, files_.read(server_.certificate));
    TRY_ASSIGN(keys.key, files_.read(server_.key));
    TRY_ASSIGN(auto plain, network_.connect_tcp(server_.host, server_.port, {time_limit}));
    TRY_ASSIGN(auto stream, start_tls(std::move(plain), keys));
    return exchange_http(*stream, question(server_.host, method, target, body));
}

} // namespace holdfast::api
