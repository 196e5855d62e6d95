#pragma once

#include "settings/group.hpp"
#include "settings/types/names.hpp"
#include "settings/types/pem.hpp"

namespace holdfast::settings {

struct CertificateBundle {
    std::optional<PemBundle> data;
    std::optional<bool> trusted;

    static constexpr auto table = settings::table(
        field<&CertificateBundle::data>("data", "Base64 of certificates in PEM form."),
        field<&CertificateBundle::trusted>("trusted",
                                           "Whether the machine trusts them; unset means no."));
};

struct Pki {
    std::map<Identifier, CertificateBundle> bundles;

    static constexpr auto table = single<&Pki::bundles>(
        "settings.pki",
        "Certificates that the machine trusts beside those of the image, by a name of your choice.",
        // containerd reads the bundle once, for its first connection.
        affects("pki", "containerd", "docker", "host-containerd"));
};

/// /etc/certdog.toml: {"name" = {data = "…", trusted = true}}, bundles with data only.
Result<std::string> render_certdog_configuration(const Pki& pki);

} // namespace holdfast::settings
