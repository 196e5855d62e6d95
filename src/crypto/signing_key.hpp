#pragma once

#include "base/error.hpp"
#include "crypto/sha256.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace holdfast::crypto {

/// How signatures are made and checked.
enum class SignatureScheme {
    ed25519,           ///< RFC 8032.
    rsa_pss_sha256,    ///< RFC 8017 §8.1 with MGF1 of SHA-256; keys of 2048 to 8192 bits.
    ecdsa_p256_sha256, ///< FIPS 186-5 on NIST P-256; signatures are DER.
};

struct FreeKey {
    void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, FreeKey>;

class PublicKey {
public:
    /// A SubjectPublicKeyInfo (RFC 5280 §4.1) in PEM. Errors: `invalid` for anything else;
    /// `unsupported` for a key of another kind or size than the scheme's.
    static Result<PublicKey> from_pem(SignatureScheme scheme, std::string_view pem);
    /// The 32 bytes of an Ed25519 key. Errors: `invalid`.
    static Result<PublicKey> from_ed25519(std::span<const std::byte> bytes);

    SignatureScheme scheme() const { return scheme_; }
    bool verifies(std::string_view message, std::span<const std::byte> signature) const;

    std::string pem() const;
    /// The bytes of an Ed25519 key; only for that scheme.
    std::vector<std::byte> ed25519_bytes() const;
    /// SHA-256 of the DER form: the same for the same key, however it was written.
    Sha256 fingerprint() const;

private:
    friend class PrivateKey;
    PublicKey(SignatureScheme scheme, KeyHandle handle);

    SignatureScheme scheme_;
    KeyHandle handle_;
};

/// A key that signs: from a file, or on a token that keeps it.
class PrivateKey {
public:
    /// RSA keys get 3072 bits. Blocks for a moment.
    static PrivateKey generate(SignatureScheme scheme);
    /// PKCS #8 or a traditional form, unencrypted. Errors: `invalid`; `unsupported` for a kind of
    /// key that has no scheme here.
    static Result<PrivateKey> from_pem(std::string_view pem);

    SignatureScheme scheme() const { return scheme_; }
    PublicKey public_key() const;
    /// PKCS #8, unencrypted. Errors: `unsupported` for a key that its token doesn't give away.
    Result<std::string> pem() const;
    /// Errors: `io` where a token refuses.
    Result<std::vector<std::byte>> sign(std::string_view message) const;

private:
    PrivateKey(SignatureScheme scheme, KeyHandle handle);

    SignatureScheme scheme_;
    KeyHandle handle_;
};

} // namespace holdfast::crypto
