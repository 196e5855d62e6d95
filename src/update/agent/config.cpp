#include "update/agent/config.hpp"

#include "toml/toml.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace holdfast::update {

namespace {

/// A text that may be missing.
Result<std::string> text(const Json& config, const char* key)
{
    const auto found = config.find(key);
    if (found == config.end()) {
        return "";
    }
    if (!found->is_string()) {
        return fail(Errc::invalid, "{}: expected a text", key);
    }
    return found->get<std::string>();
}

Result<std::string> url(const Json& config, const char* key, const char* setting)
{
    TRY_ASSIGN(auto value, text(config, key));
    if (value.empty()) {
        return fail(Errc::invalid, "{} is not set, so there is nowhere to look for updates",
                    setting);
    }
    constexpr std::array<std::string_view, 3> schemes{"https://", "http://", "file:///"};
    if (std::ranges::none_of(schemes, [&](auto scheme) { return value.starts_with(scheme); })) {
        return fail(Errc::invalid, "{}: expected a URL with http, https or file", setting);
    }
    while (value.ends_with('/')) {
        value.pop_back();
    }
    return value;
}

Result<Seed> seed(const Json& config)
{
    const auto found = config.find("seed");
    // TOML knows signed numbers only.
    const auto number = found != config.end() && found->is_number_integer()
                            ? found->get<std::int64_t>()
                            : std::int64_t{-1};
    if (number < 0 || number > std::numeric_limits<Seed>::max()) {
        return fail(Errc::invalid, "settings.updates.seed is not set");
    }
    return static_cast<Seed>(number);
}

} // namespace

Result<UpdogConfig> parse_updog_config(std::string_view toml)
{
    TRY_ASSIGN(const auto json, parse_toml(toml));
    UpdogConfig config;
    TRY_ASSIGN(config.metadata_url,
               url(json, "metadata_base_url", "settings.updates.metadata-base-url"));
    TRY_ASSIGN(config.targets_url,
               url(json, "targets_base_url", "settings.updates.targets-base-url"));
    TRY_ASSIGN(config.seed, seed(json));
    TRY_ASSIGN(const auto lock, text(json, "version_lock"));
    TRY_ASSIGN(config.version_lock,
               VersionLock::parse(lock).while_("settings.updates.version-lock"));
    const auto ignore = json.find("ignore_waves");
    config.ignore_waves = ignore != json.end() && *ignore == Json(true);
    TRY_ASSIGN(config.https_proxy, text(json, "https_proxy"));
    if (const auto direct = json.find("no_proxy"); direct != json.end() && direct->is_array()) {
        for (const auto& host : *direct) {
            config.no_proxy.push_back(host.is_string() ? host.get<std::string>() : to_text(host));
        }
    }
    // As in /etc/network/proxy.env. "*" says all hosts, to curl only where it stands alone.
    if (!std::ranges::contains(config.no_proxy, "*")) {
        config.no_proxy.insert(config.no_proxy.end(), {"localhost", "127.0.0.1"});
    }
    return config;
}

} // namespace holdfast::update
