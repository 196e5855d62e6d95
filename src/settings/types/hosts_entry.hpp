#pragma once

#include "settings/types/codec.hpp"
#include "settings/types/ip_address.hpp"
#include "settings/types/names.hpp"

namespace holdfast::settings {

/// One line of /etc/hosts; as JSON a pair: ["10.0.0.1", ["name", "alias.example"]].
struct HostsEntry {
    IpAddress address;
    std::vector<LinuxHostname> names;
};

template <>
struct Codec<HostsEntry> {
    static constexpr bool secret = false;
    static Result<HostsEntry> read(const Json& json);
    static Json write(const HostsEntry& entry);
    static Json schema();
    static std::string type_name() { return "pair of IP address and list of host name"; }
};

} // namespace holdfast::settings
