#include "settings/kernel/kernel.hpp"

#include "settings/groups.hpp"
#include "toml/toml.hpp"

namespace holdfast::settings {

Result<std::string> render_corndog_configuration(const Kernel& kernel)
{
    Json configuration = {{"sysctl", Json::object()}};
    if (kernel.lockdown.has_value()) {
        configuration["lockdown"] = word(*kernel.lockdown);
    }
    for (const auto& [key, value] : kernel.sysctl) {
        configuration["sysctl"][key.str()] = value.str();
    }
    return to_toml(configuration);
}

Result<std::string> render_modprobe_configuration(const Kernel& kernel)
{
    std::string text;
    for (const auto& [name, module] : kernel.modules) {
        if (!module.allowed.value_or(false)) {
            text += "install " + name.str() + " /bin/true\n";
        }
    }
    return text;
}

Result<std::string> render_modules_to_load(const Kernel& kernel)
{
    std::string text;
    for (const auto& [name, module] : kernel.modules) {
        if (module.allowed.value_or(false) && module.autoload.value_or(false)) {
            text += name.str() + '\n';
        }
    }
    return text;
}

Group kernel_group()
{
    return {.name = "kernel",
            .settings = make_group_node<Kernel>(),
            .services = {{"sysctl", {{"corndog-toml"}, {"/usr/bin/corndog sysctl"}}},
                         {"lockdown", {{"corndog-toml"}, {"/usr/bin/corndog lockdown"}}},
                         {"kernel-modules",
                          {{"modprobe-conf", "modules-load"},
                           {"/usr/bin/systemctl restart systemd-modules-load.service"}}}},
            .files = {
                rendered_file<render_corndog_configuration>("corndog-toml", "/etc/corndog.toml"),
                rendered_file<render_modprobe_configuration>("modprobe-conf",
                                                             "/etc/modprobe.d/modprobe.conf"),
                rendered_file<render_modules_to_load>("modules-load",
                                                      "/etc/modules-load.d/modules-load.conf"),
            }};
}

} // namespace holdfast::settings
