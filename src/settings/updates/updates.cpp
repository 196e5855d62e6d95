#include "settings/updates/updates.hpp"

#include "settings/groups.hpp"
#include "toml/toml.hpp"

namespace holdfast::settings {

Result<std::string> render_updog_configuration(const Updates& updates, const Network& network)
{
    Json file = {{"version_lock", updates.version_lock.str()},
                 {"ignore_waves", updates.ignore_waves}};
    if (updates.metadata_base_url.has_value()) {
        file["metadata_base_url"] = updates.metadata_base_url->str();
    }
    if (updates.targets_base_url.has_value()) {
        file["targets_base_url"] = updates.targets_base_url->str();
    }
    if (updates.seed.has_value()) {
        file["seed"] = updates.seed->value;
    }
    if (network.https_proxy.has_value()) {
        file["https_proxy"] = network.https_proxy->str();
    }
    if (network.no_proxy.has_value()) {
        file["no_proxy"] = Codec<std::vector<SingleLine>>::write(*network.no_proxy);
    }
    return to_toml(file);
}

Result<std::string> render_thar_be_updates_configuration(const Updates& updates)
{
    return to_toml({{"version-lock", updates.version_lock.str()}});
}

Group updates_group()
{
    return {.name = "updates",
            .settings = make_group_node<Updates>(),
            .services = {{"updog", {{"updog-toml"}, {}}},
                         {"thar-be-updates", {{"thar-be-updates-toml"}, {}}}},
            .files = {
                rendered_file<render_updog_configuration>("updog-toml", "/etc/updog.toml", "0600"),
                rendered_file<render_thar_be_updates_configuration>("thar-be-updates-toml",
                                                                    "/etc/thar-be-updates.toml")}};
}

} // namespace holdfast::settings
