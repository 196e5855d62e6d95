#pragma once

#include "io/addresses.hpp"

namespace holdfast::io {

/// getifaddrs(3) and getnameinfo(3).
class PosixAddresses final : public Addresses {
public:
    Result<std::vector<InterfaceAddress>> all() override;
    Result<std::string> name_of(const std::string& address) override;
};

} // namespace holdfast::io
