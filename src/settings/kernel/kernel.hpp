#pragma once

#include "settings/group.hpp"
#include "settings/types/names.hpp"
#include "settings/types/text.hpp"

namespace holdfast::settings {

enum class Lockdown { none, integrity, confidentiality };
constexpr std::array<std::string_view, 3> words(Lockdown)
{
    return {"none", "integrity", "confidentiality"};
}

struct KernelModule {
    std::optional<bool> allowed;
    std::optional<bool> autoload;

    static constexpr auto table = settings::table(
        field<&KernelModule::allowed>("allowed",
                                      "Whether the module may be loaded; an entry without this "
                                      "blocks it."),
        field<&KernelModule::autoload>("autoload", "Whether an allowed module is loaded at boot."));
};

struct Kernel {
    std::optional<Lockdown> lockdown;
    std::map<KernelModuleName, KernelModule> modules;
    std::map<SysctlKey, SingleLine> sysctl;

    static constexpr auto table = settings::table(
        "settings.kernel", "The kernel's lockdown mode, modules and parameters.",
        field<&Kernel::lockdown>("lockdown",
                                 "What root may not do to the kernel, as in "
                                 "kernel_lockdown(7). A running kernel only takes more of it; less "
                                 "needs a reboot.",
                                 affects("lockdown")),
        field<&Kernel::modules>("modules", "Kernel modules to block, or to load at boot.",
                                affects("kernel-modules")),
        field<&Kernel::sysctl>("sysctl", "Kernel parameters, as in sysctl.conf(5).",
                               affects("sysctl")));
};

/// /etc/corndog.toml: {lockdown = "…", sysctl = {"key" = "value"}}.
Result<std::string> render_corndog_configuration(const Kernel& kernel);
/// /etc/modprobe.d/modprobe.conf: makes loading a blocked module do nothing.
Result<std::string> render_modprobe_configuration(const Kernel& kernel);
/// /etc/modules-load.d/modules-load.conf: the modules to load at boot, a line each.
Result<std::string> render_modules_to_load(const Kernel& kernel);

} // namespace holdfast::settings
