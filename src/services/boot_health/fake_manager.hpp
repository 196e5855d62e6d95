#pragma once

#include "io/service_manager.hpp"

#include <string>
#include <vector>

namespace holdfast::boot_health {

/// For tests: a systemd that hears everything.
class FakeManager final : public io::ServiceManager {
public:
    Result<void> notify(std::string_view state) override
    {
        said.emplace_back(state);
        return {};
    }
    std::vector<std::string> said;
};

} // namespace holdfast::boot_health
