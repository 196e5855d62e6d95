#pragma once

#include "settings/group.hpp"
#include "settings/types/text.hpp"

namespace holdfast::settings {

struct TimeServerRule {
    static constexpr std::string_view name = "time server";
    static constexpr std::string_view expected = "a host name or IP address, without blanks";
    static constexpr std::string_view pattern = "^\\S+$";
    static bool accepts(std::string_view text);
};
/// A URL without blanks: it is one word of a line of chrony.conf.
using TimeServer = CheckedText<TimeServerRule>;

struct Ntp {
    std::optional<std::vector<TimeServer>> time_servers;
    std::vector<SingleLine> options{literal<SingleLine>("iburst")};

    static constexpr auto table = settings::table(
        "settings.ntp", "Where the machine gets the time.", affects("ntp"),
        field<&Ntp::time_servers>("time-servers",
                                  "Servers to ask for the time; each may stand for a pool."),
        field<&Ntp::options>("options", "Options for every server, as in the pool directive of "
                                        "chrony.conf(5)."));
};

/// /etc/chrony.conf. Without servers chronyd runs and leaves the clock alone.
Result<std::string> render_chrony_configuration(const Ntp& ntp);

} // namespace holdfast::settings
