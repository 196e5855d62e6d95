#pragma once

#include "settings/group.hpp"
#include "settings/network/network.hpp"
#include "settings/types/url.hpp"
#include "settings/types/version_lock.hpp"

namespace holdfast::settings {

using UpdateSeed = Integer<0, 4294967295>;

struct Updates {
    std::optional<Url> metadata_base_url;
    std::optional<Url> targets_base_url;
    std::optional<UpdateSeed> seed;
    FriendlyVersion version_lock{literal<FriendlyVersion>("latest")};
    bool ignore_waves = false;

    static constexpr auto table = settings::table(
        "settings.updates", "Where updates come from, and which the machine takes.",
        affects("updog", "thar-be-updates"),
        field<&Updates::metadata_base_url>(
            "metadata-base-url",
            "The folder with the signed metadata of this variant and architecture; http, https, or "
            "file for a machine without a network."),
        field<&Updates::targets_base_url>("targets-base-url",
                                          "The folder with the update's files."),
        field<&Updates::seed>("seed",
                              "The machine's place in the order in which a fleet is updated: 0 is "
                              "first, 2047 last.",
                              GeneratedBy{"bork seed"}),
        field<&Updates::version_lock>("version-lock",
                                      "The version to be at, be it an older one; `latest` follows "
                                      "the newest that the repository allows."),
        field<&Updates::ignore_waves>("ignore-waves",
                                      "Whether to take an update before the machine's turn."));
};

/// /etc/updog.toml.
Result<std::string> render_updog_configuration(const Updates& updates, const Network& network);
/// /etc/thar-be-updates.toml.
Result<std::string> render_thar_be_updates_configuration(const Updates& updates);

} // namespace holdfast::settings
