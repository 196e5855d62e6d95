#include "update/tuf/keys.hpp"

#include "base/text.hpp"
#include "json/canonical_json.hpp"

namespace holdfast::tuf {

using crypto::SignatureScheme;

namespace {

/// Formerly the type had the name of the scheme.
bool is_ecdsa(std::string_view type)
{
    return type == "ecdsa" || type == "ecdsa-sha2-nistp256";
}

} // namespace

bool is_known_key_type(std::string_view type)
{
    return type == "ed25519" || type == "rsa" || is_ecdsa(type);
}

Result<crypto::PublicKey> decode_key(const Key& key)
{
    if (key.type == "ed25519" && key.scheme == "ed25519") {
        if (key.public_text.starts_with("-----")) {
            return crypto::PublicKey::from_pem(SignatureScheme::ed25519, key.public_text);
        }
        TRY_ASSIGN(const auto bytes, from_hex(key.public_text));
        return crypto::PublicKey::from_ed25519(bytes);
    }
    if (key.type == "rsa" && key.scheme == "rsassa-pss-sha256") {
        return crypto::PublicKey::from_pem(SignatureScheme::rsa_pss_sha256, key.public_text);
    }
    if (is_ecdsa(key.type) && key.scheme == "ecdsa-sha2-nistp256") {
        return crypto::PublicKey::from_pem(SignatureScheme::ecdsa_p256_sha256, key.public_text);
    }
    return fail(Errc::unsupported, "keys of type \"{}\" with scheme \"{}\"", key.type, key.scheme);
}

Key encode_key(const crypto::PublicKey& key)
{
    Key encoded;
    switch (key.scheme()) {
    case SignatureScheme::ed25519:
        encoded = {
            .type = "ed25519", .scheme = "ed25519", .public_text = to_hex(key.ed25519_bytes())};
        break;
    case SignatureScheme::rsa_pss_sha256:
        encoded = {.type = "rsa", .scheme = "rsassa-pss-sha256", .public_text = key.pem()};
        break;
    case SignatureScheme::ecdsa_p256_sha256:
        encoded = {.type = "ecdsa", .scheme = "ecdsa-sha2-nistp256", .public_text = key.pem()};
        break;
    }
    encoded.fields = {{"keytype", encoded.type},
                      {"scheme", encoded.scheme},
                      {"keyval", {{"public", encoded.public_text}}}};
    return encoded;
}

Result<std::string> key_id(const Key& key)
{
    TRY_ASSIGN(const auto text, to_canonical_text(key.fields));
    return crypto::sha256(text).hex();
}

} // namespace holdfast::tuf
