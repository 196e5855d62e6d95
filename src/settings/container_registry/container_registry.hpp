#pragma once

#include "settings/group.hpp"
#include "settings/types/text.hpp"
#include "settings/types/url.hpp"

namespace holdfast::settings {

/// Where to pull a registry's images from, best first; the registry itself comes last.
struct RegistryMirror {
    SingleLine registry; ///< As images name it, or `*` for those without mirrors of their own.
    std::vector<Url> endpoints;
};

template <>
struct Codec<RegistryMirror> {
    static constexpr bool secret = false;
    static Result<RegistryMirror> read(const Json& json);
    static Json write(const RegistryMirror& mirror);
    static Json schema();
    static std::string type_name() { return "table of registry and endpoint"; }
};

struct RegistryMirrors {
    std::vector<RegistryMirror> list;
};

/// Also reads the older form, {"registry": ["endpoint", …]}, and writes the list.
template <>
struct Codec<RegistryMirrors> {
    static constexpr bool secret = false;
    static Result<RegistryMirrors> read(const Json& json);
    static Json write(const RegistryMirrors& mirrors);
    static Json schema();
    static std::string type_name() { return "list of table of registry and endpoint"; }
};

struct LoginPairRule {
    static constexpr std::string_view name = "base64 of user:password";
    static constexpr std::string_view expected = "base64 of user:password";
    static constexpr std::string_view pattern = Base64Rule::pattern;
    static constexpr bool secret = true;
    static bool accepts(std::string_view text);
};
/// User and password in one, as a Docker configuration has them.
using LoginPair = CheckedText<LoginPairRule>;

struct RegistryCredentials {
    SingleLine registry;
    std::optional<SingleLine> username;
    std::optional<SingleLine> password;
    std::optional<LoginPair> auth;
    std::optional<SingleLine> identity_token;
};

template <>
struct Codec<RegistryCredentials> {
    static constexpr bool secret = true;
    static Result<RegistryCredentials> read(const Json& json);
    static Json write(const RegistryCredentials& credentials);
    static Json schema();
    static std::string type_name()
    {
        return "table of registry and username, password, auth or identitytoken";
    }
};

struct ContainerRegistry {
    std::optional<RegistryMirrors> mirrors;
    std::optional<std::vector<RegistryCredentials>> credentials;

    static constexpr auto table = settings::table(
        "settings.container-registry", "Where container images come from.",
        affects("containerd", "docker", "ecs", "host-containers", "bootstrap-containers"),
        field<&ContainerRegistry::mirrors>(
            "mirrors", "Where to pull a registry's images from, best first, before the registry "
                       "itself; the registry * stands for all without mirrors of their own. Host "
                       "containers are pulled over https only, from addresses whose path is empty "
                       "or begins with /v2."),
        field<&ContainerRegistry::credentials>(
            "credentials", "Who the machine is to a registry and to its mirrors.", Alias{"creds"}));
};

/// /etc/host-containers/host-ctr.toml: [mirrors."registry"] endpoints, [creds."registry"] username,
/// password, auth, identitytoken.
Result<std::string> render_host_container_registries(const ContainerRegistry& settings);

} // namespace holdfast::settings
