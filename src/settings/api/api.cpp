#include "settings/api/api.hpp"

#include "settings/groups.hpp"

namespace holdfast::settings {

namespace {

template <typename Pem>
Result<std::string> needed(const std::optional<Pem>& pem, std::string_view name)
{
    auto text = pem.has_value() ? decoded(*pem) : "";
    if (text.empty()) {
        return fail(Errc::invalid,
                    "settings.api.remote.{} is not set, but settings.api.remote is "
                    "enabled",
                    name);
    }
    return text;
}

} // namespace

Result<std::string> render_remote_api(const Api& api)
{
    const auto& remote = api.remote;
    if (!remote.enabled) {
        return to_pretty_text({{"enabled", false}}) + "\n";
    }
    TRY_ASSIGN(const auto client_ca, needed(remote.client_ca, "client-ca"));
    TRY_ASSIGN(const auto certificate, needed(remote.server_certificate, "server-certificate"));
    TRY_ASSIGN(const auto key, needed(remote.server_key, "server-key"));
    return to_pretty_text({{"enabled", true},
                           {"port", remote.port.value},
                           {"client-ca", client_ca},
                           {"server-certificate", certificate},
                           {"server-key", key}}) +
           "\n";
}

Group api_group()
{
    return {.name = "api",
            .settings = make_group_node<Api>(),
            .services = {{"api-remote",
                          {{"api-remote"},
                           // Only the server itself: this command and the applier that runs it
                           // are in its control group, and would be hit too.
                           {"/usr/bin/systemctl kill --kill-whom=main --signal=SIGHUP "
                            "apiserver.service"}}}},
            .files = {rendered_file<render_remote_api>("api-remote", "/etc/apiserver/remote.json",
                                                       "0600")}};
}

} // namespace holdfast::settings
