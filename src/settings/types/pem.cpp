#include "settings/types/pem.hpp"

#include "base/free_with.hpp"
#include "base/text.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace holdfast::settings {

namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

/// Refers to the text.
Bio bio_of(const std::string& text)
{
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// One PEM block as OpenSSL hands it out: three buffers, freed together.
struct Block {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;

    Block() = default;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block()
    {
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
};

bool is_certificate(const Block& block)
{
    const std::string_view name = block.name;
    // Not the older "X509 CERTIFICATE": Go programs, containerd among them, skip that.
    if (name != PEM_STRING_X509) {
        return false;
    }
    const unsigned char* bytes = block.data;
    const Certificate certificate(d2i_X509(nullptr, &bytes, block.size));
    return certificate != nullptr && bytes == block.data + block.size;
}

/// Whether all PEM blocks of the text are certificates, and there is one.
bool holds_only_certificates(const std::string& text)
{
    const auto bio = bio_of(text);
    for (int count = 0;; ++count) {
        Block block;
        if (PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size) != 1) {
            // "No start line" is the end of the text; anything else is a damaged block.
            return count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        }
        if (!is_certificate(block)) {
            return false;
        }
    }
}

PrivateKey read_key(const std::string& text)
{
    const auto bio = bio_of(text);
    // Without an answer to give, OpenSSL would ask for a pass phrase on the terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    return PrivateKey(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

bool holds_key(const std::string& text)
{
    return read_key(text) != nullptr;
}

/// Runs a check on the decoded text, and leaves no errors behind in OpenSSL's queue.
template <typename Check>
bool decodes_to(std::string_view base64, Check is_fine)
{
    const auto text = from_base64(base64);
    if (!text.has_value()) {
        return false;
    }
    ERR_clear_error();
    const bool fine = is_fine(*text);
    ERR_clear_error();
    return fine;
}

} // namespace

bool PemBundleRule::accepts(std::string_view text)
{
    return trimmed(text).empty() || decodes_to(text, holds_only_certificates);
}

bool PemKeyRule::accepts(std::string_view text)
{
    return decodes_to(text, holds_key);
}

std::string misfit(const PemBundle& certificates, const PemKey& key)
{
    constexpr int least_security_bits = 112; // OpenSSL's level 2, which is Debian's.
    const auto text = decoded(certificates);
    const auto bio = bio_of(text);
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    const auto private_key = read_key(decoded(key));
    const bool is_pair = certificate != nullptr && private_key != nullptr &&
                         X509_check_private_key(certificate.get(), private_key.get()) == 1;
    ERR_clear_error();
    if (!is_pair) {
        return "expected the private key of the first certificate";
    }
    if (EVP_PKEY_get_security_bits(private_key.get()) < least_security_bits) {
        return "expected a stronger key: RSA with at least 2048 bits, or an elliptic curve with "
               "224";
    }
    return "";
}

std::string decoded(const PemBundle& bundle)
{
    return from_base64(trimmed(bundle.str())).value_or("");
}

std::string decoded(const PemKey& key)
{
    return from_base64(key.str()).value_or("");
}

} // namespace holdfast::settings
