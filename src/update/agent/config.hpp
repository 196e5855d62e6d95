#pragma once

#include "update/manifest/manifest.hpp"

#include <string>
#include <vector>

namespace holdfast::update {

/// /etc/updog.toml: rendered from settings.updates and settings.network.
struct UpdogConfig {
    std::string metadata_url; ///< http, https or file; no slash at the end.
    std::string targets_url;  ///< The same.
    Seed seed = 0;
    VersionLock version_lock = {};
    bool ignore_waves = false;
    std::string https_proxy = {}; ///< Empty: none.
    std::vector<std::string> no_proxy = {}; ///< With this machine itself.
};

/// Errors: `invalid`, naming the setting that is missing or wrong.
Result<UpdogConfig> parse_updog_config(std::string_view toml);

} // namespace holdfast::update
