#pragma once

#include "io/service_manager.hpp"

#include <string>
#include <vector>

namespace holdfast::io {

/// A systemd that hears everything.
class FakeServiceManager final : public ServiceManager {
public:
    Result<void> notify(std::string_view state) override
    {
        said.emplace_back(state);
        return {};
    }
    std::vector<std::string> said;
};

} // namespace holdfast::io
