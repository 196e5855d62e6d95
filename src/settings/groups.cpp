#include "settings/groups.hpp"

namespace holdfast::settings {

const std::map<std::string, Group>& all_groups()
{
    static const auto groups = [] {
        std::map<std::string, Group> result;
        for (const auto make : {api_group, boot_health_group, container_registry_group,
                                container_services_group, host_containers_group, kernel_group,
                                motd_group, network_group, ntp_group, pki_group, updates_group}) {
            auto group = make();
            auto name = group.name;
            result.emplace(std::move(name), std::move(group));
        }
        return result;
    }();
    return groups;
}

bool is_always_there(const Group& group)
{
    return !group.settings.has_value();
}

} // namespace holdfast::settings
