#pragma once

#include "settings/group.hpp"
#include "settings/types/names.hpp"

namespace holdfast::settings {

struct BootHealth {
    std::vector<UnitName> units;
    std::optional<Integer<1, 3600>> timeout;

    static constexpr auto table = settings::table(
        "settings.boot-health",
        "What must be well after a boot, beyond what the system itself needs. A new version that "
        "does not get there is left for the one before.",
        affects("boot-health"),
        field<&BootHealth::units>("units", "systemd units that must be active, such as "
                                           "host-containers@control.service."),
        field<&BootHealth::timeout>("timeout",
                                    "Seconds that all of it may take once the last stage of the "
                                    "boot is reached; 90 where this is not set."));
};

/// /etc/boot-health.json, which boot-health reads beside the image's own rules.
Result<std::string> render_boot_health(const BootHealth& health);

} // namespace holdfast::settings
