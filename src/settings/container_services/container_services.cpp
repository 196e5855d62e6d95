#include "settings/groups.hpp"

namespace holdfast::settings {

/// No settings: what every variant restarts when the proxy changes. A variant with an orchestrator
/// brings its own containerd, and with it that service.
Group container_services_group()
{
    return {.name = "container-services",
            .settings = std::nullopt,
            .services = {{"host-containerd",
                          // Plainly: try-restart passes over a unit that is just starting.
                          {{"proxy-env"}, {"/bin/systemctl restart host-containerd.service"}}}},
            .files = {}};
}

} // namespace holdfast::settings
