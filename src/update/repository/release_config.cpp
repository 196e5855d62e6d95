#include "update/repository/release_config.hpp"

#include "toml/toml.hpp"

#include <algorithm>

namespace holdfast::publish {

namespace {

/// "migrate_v1.1.0_motd.lz4" is "motd" of version 1.1.0.
Result<std::pair<Version, std::string>> parse_migration_name(std::string_view text)
{
    constexpr std::string_view start = "migrate_v";
    constexpr std::string_view end = ".lz4";
    auto rest = text;
    if (rest.ends_with(end)) {
        rest.remove_suffix(end.size());
    }
    const auto underscore = rest.starts_with(start) ? rest.find('_', start.size()) : rest.npos;
    if (underscore == rest.npos || underscore + 1 == rest.size()) {
        return fail(Errc::invalid, "\"{}\" is no migration such as migrate_v1.1.0_motd.lz4", text);
    }
    TRY_ASSIGN(auto version,
               Version::parse(rest.substr(start.size(), underscore - start.size())).while_(text));
    return std::pair(std::move(version), std::string(rest.substr(underscore + 1)));
}

} // namespace

Result<ReleaseMigrations> parse_release_config(std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml));
    if (!document.contains("migrations") || !document["migrations"].is_object()) {
        return fail(Errc::invalid, "expected a table [migrations]");
    }
    return update::parse_migrations(document["migrations"]);
}

Result<std::vector<Version>> find_migrates_from(const ReleaseMigrations& migrations,
                                                const Build& build)
{
    std::vector<Version> versions;
    for (const auto& [step, names] : migrations) {
        const auto& [from, to] = step;
        if (from != build.version && to != build.version) {
            continue;
        }
        versions.push_back(to == build.version ? from : to);
        for (const auto& text : names) {
            TRY_ASSIGN(const auto wanted, parse_migration_name(text));
            const auto& [version, name] = wanted;
            const bool is_carried = std::ranges::any_of(build.migrations, [&](const auto& carried) {
                return carried.version == version && carried.name == name;
            });
            if (to == build.version && !is_carried) {
                return fail(Errc::invalid,
                            "({}, {}) needs {}, and the image {} carries no migration {} of {}",
                            from.str(), to.str(), text, build.root.name, name, version.str());
            }
        }
    }
    return versions;
}

} // namespace holdfast::publish
