#pragma once

#include "settings/types/checked_text.hpp"

namespace holdfast::settings {

bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

struct IpAddressRule {
    static constexpr std::string_view name = "IP address";
    static constexpr std::string_view expected = "an IP address, without a prefix length";
    static constexpr std::string_view pattern = "^[0-9A-Fa-f.:]+$";
    static bool accepts(std::string_view text);
    static std::string canonical(std::string_view text);
};
/// An IPv4 or IPv6 address without a prefix length, in its canonical spelling (RFC 5952), so that
/// two spellings of one address are equal.
using IpAddress = CheckedText<IpAddressRule>;

} // namespace holdfast::settings
