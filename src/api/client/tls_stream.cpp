#include "api/client/tls_stream.hpp"

#include "base/free_with.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace holdfast::api {

namespace {

/// On the machine, and in its containers.
constexpr std::array machine_authorities{"/etc/ssl/certs/ca-certificates.crt",
                                         "/.bottlerocket/certs/ca-bundle.crt"};

using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

std::string last_reason()
{
    const auto code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "not usable" : reason;
}

Bio reader_of(std::string_view text)
{
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<void> use_certificate(SSL_CTX* context, const TlsKeys& keys)
{
    const auto bio = reader_of(keys.certificate);
    const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
        return fail(Errc::invalid, "the client certificate: {}", last_reason());
    }
    while (auto* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            return fail(Errc::invalid, "the client certificate's chain: {}", last_reason());
        }
    }
    ERR_clear_error();
    const Key key(PEM_read_bio_PrivateKey(reader_of(keys.key).get(), nullptr, nullptr, nullptr));
    if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return fail(Errc::invalid, "the client key: {}", last_reason());
    }
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    return {};
}

Result<void> trust(SSL_CTX* context, const std::string& authorities)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (authorities.empty()) {
        const bool loaded = std::ranges::any_of(machine_authorities, [&](const char* file) {
            return SSL_CTX_load_verify_file(context, file) == 1;
        });
        if (!loaded) {
            return fail(Errc::io, "no certificates of authorities in {} or {}: {}",
                        machine_authorities[0], machine_authorities[1], last_reason());
        }
        ERR_clear_error();
        return {};
    }
    const auto bio = reader_of(authorities);
    int count = 0;
    while (true) {
        const Certificate next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (next == nullptr) {
            break;
        }
        count += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get());
    }
    if (count == 0) {
        return fail(Errc::invalid, "the CA holds no certificate: {}", last_reason());
    }
    ERR_clear_error();
    return {};
}

Result<void> expect_name(SSL* session, const std::string& name)
{
    // An IP address is looked for among the certificate's addresses, and is never sent as SNI.
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str()) == 1) {
        return {};
    }
    ERR_clear_error();
    if (SSL_set1_host(session, name.c_str()) != 1 ||
        SSL_set_tlsext_host_name(session, name.c_str()) != 1) {
        return fail(Errc::invalid, "the server name '{}': {}", name, last_reason());
    }
    return {};
}

/// OpenSSL works on two memory buffers; what it wants to send or to get goes over the stream below.
class TlsStream final : public io::ByteStream {
public:
    TlsStream(std::unique_ptr<io::ByteStream> plain, Context context, Session session)
        : plain_(std::move(plain)), context_(std::move(context)), session_(std::move(session)),
          incoming_(BIO_new(BIO_s_mem())), outgoing_(BIO_new(BIO_s_mem()))
    {
        // The session takes both.
        SSL_set_bio(session_.get(), incoming_, outgoing_);
        SSL_set_connect_state(session_.get());
    }

    Result<void> handshake()
    {
        TRY(drive([this] { return SSL_do_handshake(session_.get()); }).while_("the TLS handshake"));
        return {};
    }

    Result<std::size_t> read_some(std::span<char> bytes) override
    {
        TRY_ASSIGN(const int count, drive([&] {
                       return SSL_read(session_.get(), bytes.data(),
                                       static_cast<int>(bytes.size()));
                   }));
        return static_cast<std::size_t>(count);
    }

    Result<void> write_all(std::string_view bytes) override
    {
        while (!bytes.empty()) {
            const auto part = bytes.substr(0, 1U << 20);
            TRY_ASSIGN(const int count, drive([&] {
                           return SSL_write(session_.get(), part.data(),
                                            static_cast<int>(part.size()));
                       }));
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    void shut_down() override { plain_->shut_down(); }

private:
    /// Repeats an operation, moving bytes between OpenSSL and the stream, until it is done.
    /// 0 at the peer's orderly end.
    template <typename Operation>
    Result<int> drive(Operation operation)
    {
        for (;;) {
            const int count = operation();
            const int status = SSL_get_error(session_.get(), count);
            TRY(send_pending());
            if (count > 0) {
                return count;
            }
            if (status == SSL_ERROR_ZERO_RETURN) {
                return 0;
            }
            if (status != SSL_ERROR_WANT_READ) {
                return refused();
            }
            TRY(receive());
        }
    }

    Failure<Error> refused()
    {
        const long verdict = SSL_get_verify_result(session_.get());
        if (verdict != X509_V_OK) {
            ERR_clear_error();
            return fail(Errc::denied, "the server's certificate: {}",
                        X509_verify_cert_error_string(verdict));
        }
        return fail(Errc::denied, "TLS: {}", last_reason());
    }

    Result<void> send_pending()
    {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(outgoing_, &bytes);
        if (size > 0) {
            TRY(plain_->write_all({bytes, static_cast<std::size_t>(size)}));
            (void)BIO_reset(outgoing_);
        }
        return {};
    }

    Result<void> receive()
    {
        std::array<char, 16 * 1024> buffer{};
        TRY_ASSIGN(const auto count, plain_->read_some(buffer));
        if (count == 0) {
            return fail(Errc::io, "the connection was closed");
        }
        check(BIO_write(incoming_, buffer.data(), static_cast<int>(count)) ==
                  static_cast<int>(count),
              "a memory buffer takes everything");
        return {};
    }

    std::unique_ptr<io::ByteStream> plain_;
    Context context_;
    Session session_;
    BIO* incoming_; ///< Owned by the session.
    BIO* outgoing_; ///< Owned by the session.
};

} // namespace

Result<std::unique_ptr<io::ByteStream>> start_tls(std::unique_ptr<io::ByteStream> plain,
                                                  const TlsKeys& keys)
{
    Context context(SSL_CTX_new(TLS_client_method()));
    check(context != nullptr, "OpenSSL makes a TLS context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    TRY(trust(context.get(), keys.ca));
    if (!keys.certificate.empty()) {
        TRY(use_certificate(context.get(), keys));
    }
    Session session(SSL_new(context.get()));
    check(session != nullptr, "OpenSSL makes a TLS session");
    TRY(expect_name(session.get(), keys.server_name));
    auto stream =
        std::make_unique<TlsStream>(std::move(plain), std::move(context), std::move(session));
    TRY(stream->handshake());
    return stream;
}

} // namespace holdfast::api
