#include "crypto/signing_key.hpp"

#include "base/free_with.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <optional>

namespace holdfast::crypto {

namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

Bio read_from(std::string_view text)
{
    Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    check(bio != nullptr, "memory for a BIO");
    return bio;
}

std::string text_of(BIO* bio)
{
    char* data = nullptr;
    const auto length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
}

/// OpenSSL asks here for a pass phrase instead of on the terminal. There is none.
int no_pass_phrase(char*, int, int, void*)
{
    return -1;
}

/// The scheme that a key of this kind and size signs with.
std::optional<SignatureScheme> scheme_of(const EVP_PKEY* key)
{
    if (EVP_PKEY_is_a(key, "ED25519") == 1) {
        return SignatureScheme::ed25519;
    }
    if (EVP_PKEY_is_a(key, "RSA") == 1) {
        const int bits = EVP_PKEY_get_bits(key);
        return bits >= 2048 && bits <= 8192 ? std::optional(SignatureScheme::rsa_pss_sha256)
                                            : std::nullopt;
    }
    char group[32] = {};
    if (EVP_PKEY_is_a(key, "EC") == 1 &&
        EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
        (std::string_view(group) == "prime256v1" || std::string_view(group) == "P-256")) {
        return SignatureScheme::ecdsa_p256_sha256;
    }
    return std::nullopt;
}

/// Gives an elliptic curve key the one form in which it is written: the curve by name, the point
/// uncompressed. Others are read, and would pass for other keys.
void normalise(EVP_PKEY* key)
{
    if (EVP_PKEY_is_a(key, "EC") == 1) {
        check(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                             OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) ==
                      1 &&
                  EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
                                                 OSSL_PKEY_EC_ENCODING_GROUP) == 1,
              "an elliptic curve key has forms");
    }
}

/// SHA-256 first, except for Ed25519, which hashes itself.
const EVP_MD* digest_of(SignatureScheme scheme)
{
    return scheme == SignatureScheme::ed25519 ? nullptr : EVP_sha256();
}

bool set_padding(EVP_PKEY_CTX* context, SignatureScheme scheme, int salt_length)
{
    return scheme != SignatureScheme::rsa_pss_sha256 ||
           (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_length) == 1);
}

EVP_PKEY* generate_key(SignatureScheme scheme)
{
    switch (scheme) {
    case SignatureScheme::ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case SignatureScheme::rsa_pss_sha256:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072});
    case SignatureScheme::ecdsa_p256_sha256:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    }
    return nullptr;
}

} // namespace

void FreeKey::operator()(evp_pkey_st* key) const
{
    EVP_PKEY_free(key);
}

PublicKey::PublicKey(SignatureScheme scheme, KeyHandle handle)
    : scheme_(scheme), handle_(std::move(handle))
{
}

Result<PublicKey> PublicKey::from_pem(SignatureScheme scheme, std::string_view pem)
{
    const auto bio = read_from(pem);
    KeyHandle handle(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_pass_phrase, nullptr));
    ERR_clear_error();
    if (handle == nullptr) {
        return fail(Errc::invalid, "not a public key in PEM");
    }
    if (scheme_of(handle.get()) != scheme) {
        return fail(Errc::unsupported, "the key is not of the kind or size that its scheme needs");
    }
    normalise(handle.get());
    return PublicKey(scheme, std::move(handle));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem)
{
    for (const auto scheme : {SignatureScheme::ed25519, SignatureScheme::ecdsa_p256_sha256,
                              SignatureScheme::rsa_pss_sha256}) {
        auto key = from_pem(scheme, pem);
        if (key.has_value() || key.error().code() != Errc::unsupported) {
            return key;
        }
    }
    return fail(Errc::unsupported, "expected an Ed25519, P-256 or RSA key of 2048 to 8192 bits");
}

Result<PublicKey> PublicKey::from_ed25519(std::span<const std::byte> bytes)
{
    KeyHandle handle(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size()));
    ERR_clear_error();
    if (handle == nullptr) {
        return fail(Errc::invalid, "an Ed25519 key has 32 bytes, not {}", bytes.size());
    }
    return PublicKey(SignatureScheme::ed25519, std::move(handle));
}

bool PublicKey::verifies(std::string_view message, std::span<const std::byte> signature) const
{
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* padding = nullptr;
    const bool holds =
        EVP_DigestVerifyInit(context.get(), &padding, digest_of(scheme_), nullptr, handle_.get()) ==
            1 &&
        set_padding(padding, scheme_, RSA_PSS_SALTLEN_AUTO) &&
        EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                         signature.size(), bytes_of(message), message.size()) == 1;
    ERR_clear_error();
    return holds;
}

std::string PublicKey::pem() const
{
    const Bio bio(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_PUBKEY(bio.get(), handle_.get()) == 1, "a public key can be written");
    return text_of(bio.get());
}

std::vector<std::byte> PublicKey::ed25519_bytes() const
{
    std::vector<std::byte> bytes(32);
    std::size_t length = bytes.size();
    check(EVP_PKEY_get_raw_public_key(handle_.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                                      &length) == 1,
          "an Ed25519 key has raw bytes");
    return bytes;
}

Sha256 PublicKey::fingerprint() const
{
    const Bio bio(BIO_new(BIO_s_mem()));
    check(i2d_PUBKEY_bio(bio.get(), handle_.get()) == 1, "a public key can be written");
    return sha256(text_of(bio.get()));
}

PrivateKey::PrivateKey(SignatureScheme scheme, KeyHandle handle)
    : scheme_(scheme), handle_(std::move(handle))
{
}

PrivateKey PrivateKey::generate(SignatureScheme scheme)
{
    KeyHandle handle(generate_key(scheme));
    check(handle != nullptr, "OpenSSL makes a key");
    return {scheme, std::move(handle)};
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem)
{
    const auto bio = read_from(pem);
    KeyHandle handle(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
    ERR_clear_error();
    if (handle == nullptr) {
        return fail(Errc::invalid, "not an unencrypted private key in PEM");
    }
    return from_handle(std::move(handle));
}

Result<PrivateKey> PrivateKey::from_handle(KeyHandle handle)
{
    const auto scheme = scheme_of(handle.get());
    if (!scheme) {
        return fail(Errc::unsupported,
                    "expected an Ed25519, P-256 or RSA key of 2048 to 8192 bits");
    }
    return PrivateKey(*scheme, std::move(handle));
}

PublicKey PrivateKey::public_key() const
{
    const Bio bio(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_PUBKEY(bio.get(), handle_.get()) == 1, "a public key can be written");
    KeyHandle handle(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    check(handle != nullptr, "a public key that was written can be read");
    normalise(handle.get());
    return {scheme_, std::move(handle)};
}

Result<std::string> PrivateKey::pem() const
{
    const Bio bio(BIO_new(BIO_s_mem()));
    const int written = PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_.get(), nullptr, nullptr, 0,
                                                      nullptr, nullptr);
    ERR_clear_error();
    if (written != 1) {
        return fail(Errc::unsupported, "the private key cannot be written to a file");
    }
    return text_of(bio.get());
}

Result<std::vector<std::byte>> PrivateKey::sign(std::string_view message) const
{
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* padding = nullptr;
    std::size_t length = 0;
    std::vector<std::byte> signature;
    const bool is_ready =
        EVP_DigestSignInit(context.get(), &padding, digest_of(scheme_), nullptr, handle_.get()) ==
            1 &&
        set_padding(padding, scheme_, RSA_PSS_SALTLEN_DIGEST) &&
        EVP_DigestSign(context.get(), nullptr, &length, bytes_of(message), message.size()) == 1;
    signature.resize(length);
    const bool is_signed =
        is_ready &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes_of(message), message.size()) == 1;
    ERR_clear_error();
    if (!is_signed) {
        return fail(Errc::io, "the key did not sign");
    }
    signature.resize(length);
    return signature;
}

} // namespace holdfast::crypto
