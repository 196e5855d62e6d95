#include "settings/motd/motd.hpp"

#include "settings/groups.hpp"

namespace holdfast::settings {

Result<std::string> render_motd(const Motd& motd)
{
    auto text = motd.text.str();
    if (!text.ends_with('\n')) {
        text += '\n';
    }
    return text;
}

Group motd_group()
{
    return {.name = "motd",
            .settings = make_group_node<Motd>(),
            .services = {{"motd", {{"motd"}, {}}}},
            .files = {rendered_file<render_motd>("motd", "/etc/motd")}};
}

} // namespace holdfast::settings
