#pragma once

#include "base/error.hpp"

#include <string_view>

namespace holdfast::io {

/// The manager that started this program: systemd, or nobody.
class ServiceManager {
public:
    virtual ~ServiceManager() = default;
    /// Sends a state such as "READY=1" (sd_notify(3)). A success where nobody wants to know.
    virtual Result<void> notify(std::string_view state) = 0;
};

} // namespace holdfast::io
