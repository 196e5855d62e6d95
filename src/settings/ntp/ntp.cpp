#include "settings/ntp/ntp.hpp"

#include "settings/groups.hpp"
#include "settings/types/url.hpp"

namespace holdfast::settings {

bool TimeServerRule::accepts(std::string_view text)
{
    return UrlRule::accepts(text) && !text.contains(' ');
}

Result<std::string> render_chrony_configuration(const Ntp& ntp)
{
    std::string text;
    for (const auto& server : ntp.time_servers.value_or(std::vector<TimeServer>{})) {
        text += "pool " + server.str();
        for (const auto& option : ntp.options) {
            text += ' ' + option.str();
        }
        text += '\n';
    }
    return text + "driftfile /var/lib/chrony/drift\n"
                  "makestep 1.0 3\n"
                  "dumponexit\n"
                  "dumpdir /var/lib/chrony\n"
                  "user chrony\n"
                  "rtcsync\n";
}

Group ntp_group()
{
    return {
        .name = "ntp",
        .settings = make_group_node<Ntp>(),
        .services = {{"ntp",
                      {{"chrony-conf"}, {"/bin/systemctl try-reload-or-restart chronyd.service"}}}},
        .files = {rendered_file<render_chrony_configuration>("chrony-conf", "/etc/chrony.conf")}};
}

} // namespace holdfast::settings
