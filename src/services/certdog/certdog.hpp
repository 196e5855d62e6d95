#pragma once

#include "io/system.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::certdog {

/// One certificate of a PEM text, its base64 without line breaks. Two texts of one certificate
/// compare equal however they are wrapped.
using Certificate = std::string;

/// The certificates in a PEM text, in order. Text around them is skipped, as every reader of such
/// bundles does. Errors: `invalid` for a certificate without an end, or none, or no base64.
Result<std::vector<Certificate>> parse_certificates(std::string_view pem);

/// One entry of settings.pki.
struct Bundle {
    std::string name;
    std::vector<Certificate> certificates;
    bool trusted = false;
};
/// /etc/certdog.toml: `[name]` with `data` (base64 of PEM) and `trusted`. An entry without data is
/// left out. Errors: `invalid` naming the setting.
Result<std::vector<Bundle>> parse_bundles(std::string_view toml);

/// The image's bundle without the certificates of bundles that are not trusted, followed by those of
/// the trusted ones, each bundle under a comment with its name.
Result<std::string> combine(std::string_view image_bundle, const std::vector<Bundle>& bundles);

/// Rebuilds /etc/pki/tls/certs/ca-bundle.crt. Readers see the old file or the new one, whole.
Result<int> run(const std::vector<std::string>& arguments, io::System& system);

} // namespace holdfast::certdog
