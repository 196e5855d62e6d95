#pragma once

#include "settings/types/checked_text.hpp"

namespace holdfast::settings {

struct PemBundleRule {
    static constexpr std::string_view name = "base64 of PEM certificates";
    static constexpr std::string_view expected =
        "base64 of one or more X.509 certificates in PEM form, or nothing";
    static constexpr std::string_view pattern = "^\\s*$|^[A-Za-z0-9+/]+={0,2}$";
    static bool accepts(std::string_view text);
};
/// Base64 of text in which every PEM block is an X.509 certificate, and which has at least one.
/// Blank is allowed: it takes a bundle away.
using PemBundle = CheckedText<PemBundleRule>;

struct PemKeyRule {
    static constexpr std::string_view name = "base64 of a PEM private key";
    static constexpr std::string_view expected =
        "base64 of one unencrypted private key in PEM form";
    static constexpr std::string_view pattern = "^[A-Za-z0-9+/]+={0,2}$";
    static constexpr bool secret = true;
    static bool accepts(std::string_view text);
};
/// Base64 of one unencrypted private key in PEM form.
using PemKey = CheckedText<PemKeyRule>;

/// Why a TLS server cannot use the key with the first of the certificates, as "expected …"; empty
/// where it can.
std::string misfit(const PemBundle& certificates, const PemKey& key);

/// The PEM text inside; empty for a blank bundle.
std::string decoded(const PemBundle& bundle);
std::string decoded(const PemKey& key);

} // namespace holdfast::settings
