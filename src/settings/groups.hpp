#pragma once

#include "settings/group.hpp"

namespace holdfast::settings {

// One function per folder. A new group is declared here and listed in groups.cpp.
Group api_group();
Group boot_health_group();
Group container_registry_group();
Group container_services_group();
Group host_containers_group();
Group kernel_group();
Group motd_group();
Group network_group();
Group ntp_group();
Group pki_group();
Group updates_group();

/// All groups by name.
const std::map<std::string, Group>& all_groups();

/// Groups that every variant has, though their names stand in no variant's list.
bool is_always_there(const Group& group);

} // namespace holdfast::settings
