#pragma once

#include "base/error.hpp"
#include "io/addresses.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Readers of what the kernel, networkd, DNS and our own settings say; free of any I/O.
namespace holdfast::netdog {

/// The interface of the default route with the lowest metric, IPv4 first: out of /proc/net/route and
/// /proc/net/ipv6_route. Nothing while there is none.
std::optional<std::string> default_interface(std::string_view route, std::string_view ipv6_route);

/// The address that stands for the machine: the first on the interface that others can reach, IPv4
/// before IPv6.
std::optional<std::string> address_on(std::span<const io::InterfaceAddress> addresses,
                                      std::string_view interface);

struct Resolving {
    std::vector<std::string> name_servers;
    std::vector<std::string> search;
};
/// What the leases brought: DNS= and DOMAINS= of /run/systemd/netif/state. Names and addresses come
/// from the network, so what is no address or no host name is left out.
Resolving parse_network_state(std::string_view text);
/// /etc/netdog.toml: `name-servers` and `search-list`, each optional. Errors: `invalid`.
Result<Resolving> parse_dns_settings(std::string_view toml);
/// resolv.conf(5). Settings win over leases, each list for itself. At most three servers: the
/// resolver ignores more.
std::string resolv_conf(const Resolving& settings, const Resolving& leases);

/// 1–64 characters (the kernel's limit) in labels of letters, digits and inner hyphens.
bool is_host_name(std::string_view text);

/// What the kernel is told for a value of `settings.network.hostname`, which may have 253 characters and
/// labels that end with a hyphen: all of it, or its first label where the kernel cannot keep it. Nothing
/// for what is no such value.
std::optional<std::string> kernel_host_name(const std::string& name);

/// The name for a machine at `address`: what DNS says in lower case, if that is a host name and says
/// anything, else the address with "-" for ":".
std::string host_name_for(const std::string& address, const std::optional<std::string>& dns_name);

} // namespace holdfast::netdog
