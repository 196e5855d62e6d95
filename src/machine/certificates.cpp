#include "machine/certificates.hpp"

#include "base/free_with.hpp"
#include "base/text.hpp"

#include <format>
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <optional>

namespace holdfast::machine {

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

Failure<Error> openssl_failure(std::string_view what)
{
    const auto code = ERR_get_error();
    return fail(Errc::internal, "{}: {}", what,
                code == 0 ? "OpenSSL gives no reason" : ERR_reason_error_string(code));
}

std::string text_of(BIO* bio)
{
    char* data = nullptr;
    const auto length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
}

Result<std::string> key_text(EVP_PKEY* key)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return openssl_failure("writing a key");
    }
    return text_of(bio.get());
}

Result<std::string> certificate_text(X509* certificate)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
        return openssl_failure("writing a certificate");
    }
    return text_of(bio.get());
}

Result<Key> read_key(const std::string& text)
{
    const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (!key) {
        return openssl_failure("reading a key");
    }
    return key;
}

Result<Certificate> read_certificate(const std::string& text)
{
    const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) {
        return openssl_failure("reading a certificate");
    }
    return certificate;
}

Result<void> set_serial(X509* certificate)
{
    const Number number(BN_new());
    // RFC 5280 §4.1.2.2: unique per issuer, at most 20 octets, positive.
    if (!number || BN_rand(number.get(), 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1 ||
        BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
        return openssl_failure("choosing a serial number");
    }
    return {};
}

Result<void> add_extension(X509* certificate, X509* issuer, int nid, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
        return openssl_failure(std::format("adding {} to a certificate", OBJ_nid2sn(nid)));
    }
    return {};
}

Result<void> add_extensions(X509* certificate, X509* issuer, Role role)
{
    TRY(add_extension(certificate, issuer, NID_subject_key_identifier, "hash"));
    TRY(add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always"));
    switch (role) {
    case Role::authority:
        TRY(add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
        return add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    case Role::server:
        // The last is this host as virtual machines of QEMU's user network reach it.
        TRY(add_extension(certificate, issuer, NID_subject_alt_name,
                          "IP:127.0.0.1,IP:::1,DNS:localhost,IP:10.0.2.2"));
        TRY(add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth"));
        break;
    case Role::client:
        TRY(add_extension(certificate, issuer, NID_ext_key_usage, "clientAuth"));
        break;
    }
    TRY(add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE"));
    return add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
}

Result<void> set_name(X509* certificate, const std::string& common_name)
{
    auto* name = X509_get_subject_name(certificate);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's type for text.
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
    if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) != 1) {
        return openssl_failure("naming a certificate");
    }
    return {};
}

Result<void> set_validity(X509* certificate, const Validity& validity)
{
    using std::chrono::system_clock;
    if (ASN1_TIME_set(X509_getm_notBefore(certificate), system_clock::to_time_t(validity.from)) ==
            nullptr ||
        ASN1_TIME_set(X509_getm_notAfter(certificate), system_clock::to_time_t(validity.until)) ==
            nullptr) {
        return openssl_failure("dating a certificate");
    }
    return {};
}

Result<std::optional<Identity>> read_identity(io::Files& files, const std::filesystem::path& stem)
{
    const auto key = stem.native() + ".key";
    const auto certificate = stem.native() + ".crt";
    if (!files.exists(key) || !files.exists(certificate)) {
        return std::optional<Identity>{};
    }
    Identity identity;
    TRY_ASSIGN(identity.key, files.read(key, 65536));
    TRY_ASSIGN(identity.certificate, files.read(certificate, 65536));
    return std::optional{std::move(identity)};
}

Result<void> write_identity(io::Files& files, const std::filesystem::path& stem,
                            const Identity& identity)
{
    TRY(io::replace_file(files, stem.native() + ".key", identity.key, 0600));
    return io::replace_file(files, stem.native() + ".crt", identity.certificate);
}

} // namespace

Validity ten_years(std::chrono::system_clock::time_point now)
{
    return {now - std::chrono::days{1}, now + std::chrono::years{10}};
}

Result<Identity> make_identity(Role role, const std::string& common_name, const Validity& validity,
                               const Identity* issuer)
{
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    if (!key || !certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
        X509_set_pubkey(certificate.get(), key.get()) != 1) {
        return openssl_failure("making a key");
    }
    Key issuer_key;
    Certificate issuer_certificate;
    if (issuer != nullptr) {
        TRY_ASSIGN(issuer_key, read_key(issuer->key));
        TRY_ASSIGN(issuer_certificate, read_certificate(issuer->certificate));
    }
    X509* signer = issuer == nullptr ? certificate.get() : issuer_certificate.get();
    TRY(set_serial(certificate.get()));
    TRY(set_validity(certificate.get(), validity));
    TRY(set_name(certificate.get(), common_name));
    if (X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) != 1) {
        return openssl_failure("naming the issuer");
    }
    TRY(add_extensions(certificate.get(), signer, role));
    EVP_PKEY* signing_key = issuer == nullptr ? key.get() : issuer_key.get();
    if (X509_sign(certificate.get(), signing_key, EVP_sha256()) == 0) {
        return openssl_failure("signing a certificate");
    }
    Identity identity;
    TRY_ASSIGN(identity.key, key_text(key.get()));
    TRY_ASSIGN(identity.certificate, certificate_text(certificate.get()));
    return identity;
}

Result<ApiIdentities> api_identities(io::Files& files, const KeyFiles& places,
                                     std::chrono::system_clock::time_point now)
{
    const auto& directory = places.directory;
    TRY_ASSIGN(auto authority, read_identity(files, directory / "api-ca"));
    TRY_ASSIGN(auto server, read_identity(files, directory / "api-server"));
    TRY_ASSIGN(auto client, read_identity(files, directory / "api-client"));
    if (authority && server && client) {
        return ApiIdentities{*authority, *server, *client};
    }
    ApiIdentities made;
    const auto validity = ten_years(now);
    TRY_ASSIGN(made.authority, make_identity(Role::authority, "Holdfast development API authority",
                                             validity, nullptr));
    TRY_ASSIGN(made.server, make_identity(Role::server, "localhost", validity, &made.authority));
    TRY_ASSIGN(made.client, make_identity(Role::client, "developer", validity, &made.authority));
    TRY(files.create_directories(directory, 0700));
    TRY(write_identity(files, directory / "api-ca", made.authority));
    TRY(write_identity(files, directory / "api-server", made.server));
    TRY(write_identity(files, directory / "api-client", made.client));
    return made;
}

std::string remote_api_user_data(const ApiIdentities& identities)
{
    // Base64 needs no TOML escaping, so no serialiser is involved.
    return std::format("[settings.api.remote]\n"
                       "enabled = true\n"
                       "client-ca = \"{}\"\n"
                       "server-certificate = \"{}\"\n"
                       "server-key = \"{}\"\n",
                       to_base64(identities.authority.certificate),
                       to_base64(identities.server.certificate),
                       to_base64(identities.server.key));
}

} // namespace holdfast::machine
