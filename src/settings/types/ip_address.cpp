#include "settings/types/ip_address.hpp"

#include <arpa/inet.h>

#include <array>
#include <optional>

namespace holdfast::settings {

namespace {

std::optional<std::string> canonical(int family, std::string_view text)
{
    // inet_pton(3) wants a C string: one that ends early would hide what follows.
    if (text.empty() || text.contains('\0')) {
        return std::nullopt;
    }
    in6_addr address{}; // Large enough for both families.
    if (inet_pton(family, std::string(text).c_str(), &address) != 1) {
        return std::nullopt;
    }
    std::array<char, INET6_ADDRSTRLEN> written{};
    inet_ntop(family, &address, written.data(), written.size());
    return std::string(written.data());
}

} // namespace

bool is_ipv4(std::string_view text)
{
    return canonical(AF_INET, text).has_value();
}

bool is_ipv6(std::string_view text)
{
    return canonical(AF_INET6, text).has_value();
}

Result<IpAddress> IpAddress::parse(std::string_view text)
{
    for (const int family : {AF_INET, AF_INET6}) {
        if (auto address = canonical(family, text)) {
            return IpAddress(*std::move(address));
        }
    }
    return fail(Errc::invalid, "expected an IP address (no prefix length)");
}

Result<IpAddress> Codec<IpAddress>::read(const Json& json)
{
    return IpAddress::parse(json.is_string() ? json.get<std::string>() : "");
}

Json Codec<IpAddress>::schema()
{
    return {{"type", "string"},
            {"anyOf", Json::array({{{"format", "ipv4"}}, {{"format", "ipv6"}}})}};
}

} // namespace holdfast::settings
