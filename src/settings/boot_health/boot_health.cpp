#include "settings/boot_health/boot_health.hpp"

#include "settings/groups.hpp"

namespace holdfast::settings {

Result<std::string> render_boot_health(const BootHealth& health)
{
    Json file = {{"units", Codec<std::vector<UnitName>>::write(health.units)}};
    if (health.timeout.has_value()) {
        file["time-limit-seconds"] = health.timeout->value;
    }
    return to_pretty_text(file) + "\n";
}

Group boot_health_group()
{
    return {
        .name = "boot-health",
        .settings = make_group_node<BootHealth>(),
        .services = {{"boot-health", {{"boot-health-json"}, {}}}},
        .files = {rendered_file<render_boot_health>("boot-health-json", "/etc/boot-health.json")}};
}

} // namespace holdfast::settings
