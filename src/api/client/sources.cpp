#include "api/client/commands.hpp"

#include "api/client/tls_stream.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast::api {

namespace {

constexpr std::size_t source_limit = 2U << 20;
constexpr std::chrono::milliseconds fetch_limit{30'000}; ///< With all redirects.
constexpr std::chrono::milliseconds connect_limit{10'000};
constexpr int most_redirects = 10;

struct WebAddress {
    bool secure = false;
    std::string host;
    std::uint16_t port = 0;
    std::string authority; ///< For the Host header.
    std::string target;
};

Result<WebAddress> parse_web_address(std::string_view uri)
{
    WebAddress address;
    address.secure = uri.starts_with("https://");
    auto rest = uri.substr(address.secure ? 8 : 7);
    rest = rest.substr(0, rest.find('#'));
    const auto slash = std::min(rest.find('/'), rest.find('?'));
    address.authority = rest.substr(0, slash);
    address.target = slash == std::string_view::npos ? "/" : rest.substr(slash);
    if (address.target.starts_with('?')) {
        address.target.insert(0, "/");
    }
    address.port = address.secure ? 443 : 80;
    std::string_view host = address.authority;
    if (const auto colon = host.rfind(':');
        colon != std::string_view::npos && !host.ends_with(']')) {
        const auto port = host.substr(colon + 1);
        const auto [end, problem] =
            std::from_chars(port.data(), port.data() + port.size(), address.port);
        if (problem != std::errc() || end != port.data() + port.size()) {
            return fail(Errc::invalid, "'{}' has a bad port", uri);
        }
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host.contains('@')) {
        return fail(Errc::invalid, "'{}' must name a host, without a user", uri);
    }
    address.host = host;
    return address;
}

Result<HttpReply> fetch_once(io::Network& network, const WebAddress& address,
                             std::chrono::milliseconds left)
{
    TRY_ASSIGN(auto stream,
               network.connect_tcp(address.host, address.port,
                                   {.whole = left, .connecting = std::min(left, connect_limit)}));
    if (address.secure) {
        TlsKeys keys;
        keys.server_name = address.host;
        TRY_ASSIGN(stream, start_tls(std::move(stream), keys));
    }
    return exchange_http(*stream, {.method = "GET",
                                   .host = address.authority,
                                   .target = address.target,
                                   .body = {},
                                   .reply_limit = source_limit});
}

bool is_web(std::string_view uri)
{
    return uri.starts_with("http://") || uri.starts_with("https://");
}

/// Where a redirect leads; from https never to http.
Result<std::string> redirected(const WebAddress& from, const std::string& location)
{
    if (location.starts_with('/') && !location.starts_with("//")) {
        return std::format("{}://{}{}", from.secure ? "https" : "http", from.authority, location);
    }
    if (!is_web(location) || (from.secure && !location.starts_with("https://"))) {
        return fail(Errc::io, "the server redirects to '{}'", location);
    }
    return location;
}

Result<std::string> fetch(io::Network& network, io::Clock& clock, std::string uri)
{
    const auto end = clock.monotonic_now() + fetch_limit;
    for (int hop = 0; hop <= most_redirects; ++hop) {
        const auto left =
            std::chrono::floor<std::chrono::milliseconds>(end - clock.monotonic_now());
        if (left.count() <= 0) {
            return fail(Errc::timeout, "not fetched within {} s",
                        std::chrono::floor<std::chrono::seconds>(fetch_limit).count());
        }
        TRY_ASSIGN(const auto address, parse_web_address(uri));
        TRY_ASSIGN(auto reply, fetch_once(network, address, left));
        if (reply.status >= 200 && reply.status <= 299) {
            return std::move(reply.body);
        }
        if (reply.status < 300 || reply.status > 399 || reply.location.empty()) {
            return fail(Errc::io, "the server answers with status {}", reply.status);
        }
        TRY_ASSIGN(uri, redirected(address, reply.location));
    }
    return fail(Errc::io, "more than {} redirects", most_redirects);
}

} // namespace

Result<std::string> read_source(Surroundings& world, const std::string& uri)
{
    constexpr std::string_view file_scheme = "file://";
    constexpr std::string_view base64_scheme = "base64:";
    if (uri == "-") {
        return world.standard_input();
    }
    if (uri.starts_with("file:///")) {
        return world.files.read(uri.substr(file_scheme.size()), source_limit);
    }
    if (uri.starts_with(base64_scheme)) {
        return from_base64(std::string_view(uri).substr(base64_scheme.size()));
    }
    if (is_web(uri)) {
        return fetch(world.network, world.clock, uri);
    }
    return fail(Errc::invalid, "expected -, file:///…, http://…, https://… or base64:…");
}

} // namespace holdfast::api
