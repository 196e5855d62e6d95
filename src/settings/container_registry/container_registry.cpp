#include "settings/container_registry/container_registry.hpp"

#include "base/text.hpp"
#include "settings/groups.hpp"
#include "toml/toml.hpp"

namespace holdfast::settings {

namespace {

/// A table's members one after the other; what is left then is unknown.
class Members {
public:
    explicit Members(const Json& table) : table_(table) {}

    template <typename T>
    Result<std::optional<T>> optional(const std::string& name)
    {
        const auto found = table_.find(name);
        if (found == table_.end() || found->is_null()) {
            table_.erase(name);
            return std::nullopt;
        }
        TRY_ASSIGN(auto value, Codec<T>::read(*found).while_(name));
        table_.erase(name);
        return std::optional<T>(std::move(value));
    }

    template <typename T>
    Result<T> required(const std::string& name)
    {
        TRY_ASSIGN(auto value, optional<T>(name));
        if (!value.has_value()) {
            return fail(Errc::invalid, "expected a member {}", name);
        }
        return *std::move(value);
    }

    Result<void> end() const
    {
        if (!table_.empty()) {
            // Its name is left out, for it may be a secret in the wrong place.
            return fail(Errc::invalid, "a member that is unknown here");
        }
        return {};
    }

private:
    Json table_;
};

Result<Members> members_of(const Json& json)
{
    if (!json.is_object()) {
        return fail(Errc::invalid, "expected a table");
    }
    return Members(json);
}

/// An object with these members, of which the required ones must be there.
Json table_schema(Json properties, const std::vector<std::string>& required)
{
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", required},
            {"additionalProperties", false}};
}

template <typename T>
void put_into(Json& json, const char* name, const std::optional<T>& value)
{
    if (value.has_value()) {
        json[name] = Codec<T>::write(*value);
    }
}

using Urls = std::vector<Url>;

} // namespace

Result<RegistryMirror> Codec<RegistryMirror>::read(const Json& json)
{
    TRY_ASSIGN(auto members, members_of(json));
    TRY_ASSIGN(auto registry, members.required<SingleLine>("registry"));
    TRY_ASSIGN(auto endpoints, members.required<Urls>("endpoint"));
    TRY(members.end());
    return RegistryMirror{std::move(registry), std::move(endpoints)};
}

Json Codec<RegistryMirror>::write(const RegistryMirror& mirror)
{
    return {{"registry", mirror.registry.str()},
            {"endpoint", Codec<Urls>::write(mirror.endpoints)}};
}

Json Codec<RegistryMirror>::schema()
{
    return table_schema(
        {{"registry", Codec<SingleLine>::schema()}, {"endpoint", Codec<Urls>::schema()}},
        {"registry", "endpoint"});
}

Result<RegistryMirrors> Codec<RegistryMirrors>::read(const Json& json)
{
    RegistryMirrors mirrors;
    if (!json.is_object()) {
        TRY_ASSIGN(mirrors.list, Codec<std::vector<RegistryMirror>>::read(json));
        return mirrors;
    }
    for (const auto& [name, urls] : json.items()) {
        TRY_ASSIGN(auto registry, SingleLine::parse(name).while_("the name of a registry"));
        TRY_ASSIGN(auto endpoints, Codec<Urls>::read(urls).while_("a registry's endpoints"));
        mirrors.list.push_back({std::move(registry), std::move(endpoints)});
    }
    return mirrors;
}

Json Codec<RegistryMirrors>::write(const RegistryMirrors& mirrors)
{
    return Codec<std::vector<RegistryMirror>>::write(mirrors.list);
}

Json Codec<RegistryMirrors>::schema()
{
    return {{"anyOf",
             Json::array({Codec<std::vector<RegistryMirror>>::schema(),
                          {{"type", "object"}, {"additionalProperties", Codec<Urls>::schema()}}})}};
}

bool LoginPairRule::accepts(std::string_view text)
{
    const auto pair = from_base64(text);
    return pair.has_value() && pair->contains(':');
}

Result<RegistryCredentials> Codec<RegistryCredentials>::read(const Json& json)
{
    TRY_ASSIGN(auto members, members_of(json));
    TRY_ASSIGN(auto registry, members.required<SingleLine>("registry"));
    RegistryCredentials read{std::move(registry), {}, {}, {}, {}};
    TRY_ASSIGN(read.username, members.optional<SingleLine>("username"));
    TRY_ASSIGN(read.password, members.optional<SingleLine>("password"));
    TRY_ASSIGN(read.auth, members.optional<LoginPair>("auth"));
    TRY_ASSIGN(read.identity_token, members.optional<SingleLine>("identitytoken"));
    TRY(members.end());
    return read;
}

Json Codec<RegistryCredentials>::write(const RegistryCredentials& credentials)
{
    Json json = {{"registry", credentials.registry.str()}};
    put_into(json, "username", credentials.username);
    put_into(json, "password", credentials.password);
    put_into(json, "auth", credentials.auth);
    put_into(json, "identitytoken", credentials.identity_token);
    return json;
}

Json Codec<RegistryCredentials>::schema()
{
    const auto line = Codec<SingleLine>::schema();
    return table_schema({{"registry", line},
                         {"username", line},
                         {"password", line},
                         {"auth", Codec<LoginPair>::schema()},
                         {"identitytoken", line}},
                        {"registry"});
}

Result<std::string> render_host_container_registries(const ContainerRegistry& settings)
{
    Json mirrors = Json::object();
    for (const auto& mirror : settings.mirrors.value_or(RegistryMirrors{}).list) {
        auto& endpoints = mirrors[mirror.registry.str()]["endpoints"];
        if (endpoints.is_null()) {
            endpoints = Json::array(); // Also for a registry with none.
        }
        for (const auto& endpoint : mirror.endpoints) {
            endpoints.push_back(endpoint.str());
        }
    }
    Json logins = Json::object();
    for (const auto& credentials :
         settings.credentials.value_or(std::vector<RegistryCredentials>{})) {
        auto login = Codec<RegistryCredentials>::write(credentials);
        login.erase("registry");
        // Images are named after docker.io, but its API is served by another host.
        const auto& registry = credentials.registry.str();
        logins[registry == "docker.io" ? "registry-1.docker.io" : registry] = std::move(login);
    }
    return to_toml({{"creds", logins}, {"mirrors", mirrors}});
}

/// The services and the file are those of the containers that are pulled.
Group container_registry_group()
{
    return {.name = "container-registry",
            .settings = make_group_node<ContainerRegistry>(),
            .services = {},
            .files = {}};
}

} // namespace holdfast::settings
