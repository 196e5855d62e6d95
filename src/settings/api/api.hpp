#pragma once

#include "settings/group.hpp"
#include "settings/types/pem.hpp"

namespace holdfast::settings {

/// The API for people outside the machine: TLS 1.3, client certificates required.
struct RemoteApi {
    bool enabled = false;
    Port port{8443};
    std::optional<PemBundle> client_ca;
    std::optional<PemBundle> server_certificate;
    std::optional<PemKey> server_key;

    static constexpr auto table = settings::table(
        field<&RemoteApi::enabled>("enabled",
                                   "Whether the API is served over TLS to clients with a "
                                   "certificate; needs the three below."),
        field<&RemoteApi::port>("port", "The TCP port."),
        field<&RemoteApi::client_ca>("client-ca",
                                     "Certificates of the authorities whose clients may use the "
                                     "API. Every such client may do everything."),
        field<&RemoteApi::server_certificate>("server-certificate",
                                              "The machine's certificate, then those that lead "
                                              "to its authority."),
        field<&RemoteApi::server_key>("server-key", "The private key of the certificate."));
};

struct Api {
    RemoteApi remote;

    static constexpr auto table =
        settings::table("settings.api", "The machine's own API.",
                        field<&Api::remote>("remote", "The API over the network; off by default.",
                                            affects("api-remote")));
};

/// What is enabled needs all of its certificates, and the key of the server's.
std::vector<Problem> api_misfits(const Api& api);
/// /etc/apiserver/remote.json: {"enabled": false}, or with "port", and "client-ca",
/// "server-certificate" and "server-key" as PEM text. Errors: `invalid` naming what does not fit.
Result<std::string> render_remote_api(const Api& api);

} // namespace holdfast::settings
