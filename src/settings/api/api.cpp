#include "settings/api/api.hpp"

#include "settings/groups.hpp"

namespace holdfast::settings {

namespace {

template <typename Pem>
bool is_empty(const std::optional<Pem>& pem)
{
    return !pem.has_value() || decoded(*pem).empty();
}

} // namespace

std::vector<Problem> api_misfits(const Api& api)
{
    const auto& remote = api.remote;
    std::vector<Problem> problems;
    const auto need = [&](bool is_there, std::string_view name, std::string_view expected) {
        if (!is_there) {
            problems.push_back(
                {std::format("settings.api.remote.{}", name),
                 std::format("{}, since settings.api.remote.enabled is true", expected),
                 {}});
        }
    };
    if (!remote.enabled) {
        return problems;
    }
    need(!is_empty(remote.client_ca), "client-ca", "expected a certificate at least");
    need(!is_empty(remote.server_certificate), "server-certificate",
         "expected a certificate at least");
    need(!is_empty(remote.server_key), "server-key", "expected a private key");
    if (problems.empty()) {
        const auto why = misfit(*remote.server_certificate, *remote.server_key);
        need(why.empty(), "server-key", why);
    }
    return problems;
}

Result<std::string> render_remote_api(const Api& api)
{
    const auto& remote = api.remote;
    if (!remote.enabled) {
        return to_pretty_text({{"enabled", false}}) + "\n";
    }
    if (const auto problems = api_misfits(api); !problems.empty()) {
        return fail(Errc::invalid, "{}", summary(problems));
    }
    return to_pretty_text({{"enabled", true},
                           {"port", remote.port.value},
                           {"client-ca", decoded(*remote.client_ca)},
                           {"server-certificate", decoded(*remote.server_certificate)},
                           {"server-key", decoded(*remote.server_key)}}) +
           "\n";
}

Group api_group()
{
    return {.name = "api",
            .settings = make_group_node<Api>(),
            .services = {{"api-remote",
                          {.configuration_files = {"api-remote"},
                           // Only the server itself, and no command that it has started.
                           .restart_commands = {"/usr/bin/systemctl kill --kill-whom=main "
                                                "--signal=SIGHUP apiserver.service"},
                           .turn = Service::Turn::last}}},
            .files = {rendered_file<render_remote_api>("api-remote", "/etc/apiserver/remote.json",
                                                       "0600")},
            .misfits = group_misfits<api_misfits>};
}

} // namespace holdfast::settings
