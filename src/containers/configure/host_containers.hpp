#pragma once

#include "io/files.hpp"
#include "io/processes.hpp"
#include "json/json.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::containers {

/// One `settings.host-containers.<name>`.
struct HostContainerSetting {
    std::string source;
    bool enabled = false;
    bool superpowered = false;
    std::optional<std::string> user_data; ///< Decoded.
    std::vector<std::string> command;
};

/// Errors: `invalid` naming the key.
Result<HostContainerSetting> parse_setting(const Json& table);

/// Which containers a change concerns.
struct Concerned {
    bool all = false;
    std::set<std::string> names;

    /// From the names of changed settings, separated by spaces. Only names below
    /// settings.host-containers narrow the choice: others (registries, proxies) concern all.
    static Concerned parse(std::string_view changed_settings);
    bool contains(const std::string& name) const { return all || names.contains(name); }
};

/// The text of a unit's environment file. Values are quoted for systemd.exec(5), EnvironmentFile.
std::string environment_file(const HostContainerSetting& setting);

/// Makes the units of host containers match the settings of /etc/host-containers/
/// host-containers.toml: stops each one, writes its environment, and where it is enabled writes its
/// user data and starts it. A container whose settings are gone is stopped. One that fails does not
/// keep the others from being handled; the error then tells how many failed.
Result<void> configure_host_containers(std::string_view changed_settings, io::Files& files,
                                       io::Processes& processes);

} // namespace holdfast::containers
