#include "containers/lifecycle/registry_access.hpp"

#include "base/text.hpp"
#include "toml/toml.hpp"

namespace holdfast::containers {

namespace {

/// Images are named after docker.io, but its API is served by another host.
std::string host_of(const std::string& registry)
{
    return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

Result<std::string> text_of(const Json& table, const char* key)
{
    const auto found = table.find(key);
    if (found == table.end()) {
        return std::string{};
    }
    if (!found->is_string()) {
        return fail(Errc::invalid, "{}: expected a string", key);
    }
    return found->get<std::string>();
}

Result<Login> parse_login(const Json& table)
{
    if (!table.is_object()) {
        return fail(Errc::invalid, "expected a table");
    }
    TRY_ASSIGN(const auto token, text_of(table, "identitytoken"));
    if (!token.empty()) {
        return Login{{}, token};
    }
    TRY_ASSIGN(const auto packed, text_of(table, "auth"));
    if (!packed.empty()) {
        // The value is a secret, so no message may show it.
        const auto pair = from_base64(packed);
        const auto colon = pair.has_value() ? pair->find(':') : std::string::npos;
        if (colon == std::string::npos) {
            return fail(Errc::invalid, "auth: expected base64 of user:password");
        }
        return Login{pair->substr(0, colon), pair->substr(colon + 1)};
    }
    TRY_ASSIGN(auto user, text_of(table, "username"));
    TRY_ASSIGN(auto secret, text_of(table, "password"));
    return Login{std::move(user), std::move(secret)};
}

Result<std::vector<std::string>> parse_endpoints(const Json& table)
{
    const auto found = table.is_object() ? table.find("endpoints") : table.end();
    if (!table.is_object() || found == table.end() || !found->is_array()) {
        return fail(Errc::invalid, "expected a table with the list \"endpoints\"");
    }
    std::vector<std::string> urls;
    for (const auto& url : *found) {
        if (!url.is_string()) {
            return fail(Errc::invalid, "endpoints: expected strings");
        }
        urls.push_back(url.get<std::string>());
    }
    return urls;
}

/// The table `name` of the document, empty when missing.
Result<Json> table_of(const Json& document, const char* name)
{
    const auto found = document.find(name);
    if (found == document.end()) {
        return Json::object();
    }
    if (!found->is_object()) {
        return fail(Errc::invalid, "{}: expected a table", name);
    }
    return Json(*found);
}

bool is_this_machine(std::string_view authority)
{
    const auto colon = authority.rfind(':');
    const auto host = authority.ends_with(']') ? authority : authority.substr(0, colon);
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]" || authority == "::1";
}

/// What to put before the repository to reach the mirror, or nothing when the transfer service
/// cannot: it speaks https to /v2 only.
std::optional<std::string> prefix_of(std::string_view url)
{
    const auto scheme_end = url.find("://");
    auto rest = scheme_end == std::string_view::npos ? url : url.substr(scheme_end + 3);
    while (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    const auto slash = rest.find('/');
    const auto authority = rest.substr(0, slash);
    const bool is_https = scheme_end == std::string_view::npos ? !is_this_machine(authority)
                                                               : url.substr(0, scheme_end) == "https";
    if (!is_https || authority.empty()) {
        return std::nullopt;
    }
    if (slash == std::string_view::npos) {
        return std::string(authority);
    }
    const auto path = rest.substr(slash);
    if (path == "/v2") {
        return std::string(authority);
    }
    if (path.starts_with("/v2/")) {
        return std::string(authority) + std::string(path.substr(3));
    }
    return std::nullopt;
}

} // namespace

Result<RegistryAccess> RegistryAccess::parse(std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml));
    RegistryAccess access;
    TRY_ASSIGN(const auto mirrors, table_of(document, "mirrors"));
    for (const auto& [registry, table] : mirrors.items()) {
        TRY_ASSIGN(access.mirrors_[registry],
                   parse_endpoints(table).while_(std::format("mirrors.{}", registry)));
    }
    TRY_ASSIGN(const auto logins, table_of(document, "creds"));
    for (const auto& [registry, table] : logins.items()) {
        TRY_ASSIGN(access.logins_[host_of(registry)],
                   parse_login(table).while_(std::format("creds.{}", registry)));
    }
    return access;
}

std::vector<Endpoint> RegistryAccess::endpoints(const RegistryImage& image,
                                                std::vector<std::string>& skipped) const
{
    auto mirrors = mirrors_.find(image.registry());
    if (mirrors == mirrors_.end()) {
        mirrors = mirrors_.find("*");
    }
    std::vector<Endpoint> found;
    if (mirrors != mirrors_.end()) {
        for (const auto& url : mirrors->second) {
            if (const auto prefix = prefix_of(url)) {
                found.push_back({*prefix + "/" + image.repository() + image.version()});
            } else {
                skipped.push_back(url);
            }
        }
    }
    found.push_back({image.str()});
    return found;
}

std::optional<Login> RegistryAccess::login(const RegistryImage& image) const
{
    const auto found = logins_.find(host_of(image.registry()));
    return found == logins_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace holdfast::containers
