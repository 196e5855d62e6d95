#pragma once

#include "settings/types/codec.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace holdfast::settings {

bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

/// An IPv4 or IPv6 address without a prefix length, in its canonical spelling (RFC 5952), so that
/// two spellings of one address are equal.
class IpAddress {
public:
    static Result<IpAddress> parse(std::string_view text);

    const std::string& str() const { return text_; }
    auto operator<=>(const IpAddress&) const = default;

private:
    explicit IpAddress(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

template <>
struct Codec<IpAddress> {
    static constexpr bool secret = false;
    static Result<IpAddress> read(const Json& json);
    static Json write(const IpAddress& address) { return address.str(); }
    static Json schema();
    static std::string type_name() { return "IP address"; }
};

} // namespace holdfast::settings
