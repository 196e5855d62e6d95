#include "settings/types/ip_address.hpp"

#include <arpa/inet.h>

#include <array>
#include <optional>

namespace holdfast::settings {

namespace {

std::optional<std::string> spelling(int family, std::string_view text)
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
    return spelling(AF_INET, text).has_value();
}

bool is_ipv6(std::string_view text)
{
    return spelling(AF_INET6, text).has_value();
}

bool IpAddressRule::accepts(std::string_view text)
{
    return is_ipv4(text) || is_ipv6(text);
}

std::string IpAddressRule::canonical(std::string_view text)
{
    return spelling(text.contains(':') ? AF_INET6 : AF_INET, text).value_or("");
}

} // namespace holdfast::settings
