#include "settings/host_containers/host_containers.hpp"

#include "settings/container_registry/container_registry.hpp"
#include "settings/groups.hpp"
#include "toml/toml.hpp"

namespace holdfast::settings {

namespace {

Json as_json(const HostContainer& container)
{
    Json json = Json::object();
    const auto put = [&](const char* name, const auto& value) {
        if (value.has_value()) {
            json[name] = Codec<std::remove_cvref_t<decltype(*value)>>::write(*value);
        }
    };
    put("enabled", container.enabled);
    put("superpowered", container.superpowered);
    put("source", container.source);
    put("user-data", container.user_data);
    put("command", container.command);
    return json;
}

} // namespace

Result<std::string> render_host_containers(const HostContainers& settings)
{
    Json containers = Json::object();
    for (const auto& [name, container] : settings.containers) {
        containers[name.str()] = as_json(container);
    }
    return to_toml({{"host-containers", containers}});
}

Group host_containers_group()
{
    return {
        .name = "host-containers",
        .settings = make_group_node<HostContainers>(),
        .services = {{"host-containers",
                      {{"host-ctr-toml", "host-containers-toml"}, {"/usr/bin/host-containers"}}}},
        .files = {
            rendered_file<render_host_container_registries>(
                "host-ctr-toml", "/etc/host-containers/host-ctr.toml", "0600"),
            rendered_file<render_host_containers>(
                "host-containers-toml", "/etc/host-containers/host-containers.toml", "0600"),
        }};
}

} // namespace holdfast::settings
