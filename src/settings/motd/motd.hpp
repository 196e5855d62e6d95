#pragma once

#include "settings/table.hpp"
#include "settings/types/text.hpp"

namespace holdfast::settings {

struct Motd {
    Text text = literal<Text>("Welcome to Holdfast!");

    static constexpr auto table = single<&Motd::text>(
        "settings.motd", "The message that people see when they log in.", affects("motd"));
};

/// /etc/motd: the text, and a newline at its end.
Result<std::string> render_motd(const Motd& motd);

} // namespace holdfast::settings
