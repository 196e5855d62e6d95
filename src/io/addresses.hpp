#pragma once

#include "base/error.hpp"

#include <string>
#include <vector>

namespace holdfast::io {

/// An IP address of this machine.
struct InterfaceAddress {
    std::string interface; ///< "enp0s2"
    std::string address;   ///< Text form, without a scope.
    bool is_ipv6 = false;
    bool is_local_only = false; ///< Loopback or link-local: no name for the machine.
};

/// The IP addresses of this machine, and the names that DNS has for them.
class Addresses {
public:
    virtual ~Addresses() = default;
    virtual Result<std::vector<InterfaceAddress>> all() = 0;
    /// The name that DNS gives for an address. Waits a second for each name server, once. Errors:
    /// `not_found`; `timeout` when nobody answered; `invalid` for a malformed address.
    virtual Result<std::string> name_of(const std::string& address) = 0;
};

} // namespace holdfast::io
