#pragma once

#include "settings/group.hpp"
#include "settings/types/names.hpp"
#include "settings/types/text.hpp"
#include "settings/types/url.hpp"

namespace holdfast::settings {

struct HostContainer {
    std::optional<bool> enabled;
    std::optional<bool> superpowered;
    std::optional<Url> source;
    std::optional<Base64> user_data;
    std::optional<std::vector<Text>> command;

    static constexpr auto table = settings::table(
        field<&HostContainer::enabled>("enabled", "Whether it runs; unset means no."),
        field<&HostContainer::superpowered>("superpowered",
                                            "Whether it may do everything that root may do on the "
                                            "host; unset means no."),
        field<&HostContainer::source>("source", "The image: a reference in a registry, or file:// "
                                      "and the path of an OCI archive on the machine."),
        field<&HostContainer::user_data>("user-data",
                                         "Bytes for the container, which it finds in "
                                         "/.bottlerocket/host-containers/current/user-data."),
        field<&HostContainer::command>("command",
                                       "What it runs; unset means the image's own command."));
};

struct HostContainers {
    std::map<ContainerName, HostContainer> containers;

    static constexpr auto table = single<&HostContainers::containers>(
        "settings.host-containers",
        "Containers that manage the machine, beside the orchestrator's, by name.",
        affects("host-containers"));
};

/// /etc/host-containers/host-containers.toml: what is set, and nothing else.
Result<std::string> render_host_containers(const HostContainers& settings);

} // namespace holdfast::settings
