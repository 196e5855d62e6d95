#pragma once

#include "settings/group.hpp"
#include "settings/types/names.hpp"
#include "settings/types/text.hpp"

#include <string>
#include <vector>

namespace holdfast::settings {

/// A program by its absolute path, then its arguments; as JSON a list of texts of one line. No
/// shell takes part, so there is nothing to quote. At most 64 words and 4096 bytes.
struct HealthCommand {
    std::vector<std::string> words;
};

template <>
struct Codec<HealthCommand> {
    static constexpr bool secret = false;
    static Result<HealthCommand> read(const Json& json);
    static Json write(const HealthCommand& command) { return command.words; }
    static Json schema();
    static std::string type_name() { return "command"; }
};

struct BootHealth {
    std::vector<UnitName> units;
    std::vector<HealthCommand> commands;
    std::optional<Integer<1, 3600>> timeout;

    static constexpr auto table = settings::table(
        "settings.boot-health",
        "What must be well after a boot, beyond what the system itself needs. A new version that "
        "does not get there is left for the one before.",
        affects("boot-health"),
        field<&BootHealth::units>("units", "systemd units that must be active, such as "
                                           "host-containers@control.service."),
        field<&BootHealth::commands>(
            "commands",
            "Programs of the image that must exit with 0, one after the other. Each is a list: its "
            "absolute path, then its arguments, such as [\"/usr/bin/apiclient\", \"get\", "
            "\"/os\"]; "
            "there is no shell. It is tried again every second; a try may take 30 seconds."),
        field<&BootHealth::timeout>("timeout",
                                    "Seconds that all of it may take once the last stage of the "
                                    "boot is reached; 90 where this is not set."));
};

/// /etc/boot-health.json, which boot-health reads beside the image's own rules.
Result<std::string> render_boot_health(const BootHealth& health);

} // namespace holdfast::settings
