#include "settings/pki/pki.hpp"

#include "base/text.hpp"
#include "settings/groups.hpp"
#include "toml/toml.hpp"

namespace holdfast::settings {

Result<std::string> render_certdog_configuration(const Pki& pki)
{
    Json bundles = Json::object();
    for (const auto& [name, bundle] : pki.bundles) {
        // A half-written entry must not keep the others from working.
        if (bundle.data.has_value() && !trimmed(bundle.data->str()).empty()) {
            bundles[name.str()] = {{"data", bundle.data->str()},
                                   {"trusted", bundle.trusted.value_or(false)}};
        }
    }
    return to_toml(bundles);
}

Group pki_group()
{
    return {.name = "pki",
            .settings = make_group_node<Pki>(),
            // A pull that began without the certificates would fail.
            .services = {{"pki",
                          {.configuration_files = {"certdog-toml"},
                           .restart_commands = {"/usr/bin/certdog"},
                           .turn = Service::Turn::first}}},
            .files = {
                rendered_file<render_certdog_configuration>("certdog-toml", "/etc/certdog.toml")}};
}

} // namespace holdfast::settings
