#include "api/server/http_listeners.hpp"

#include "base/free_with.hpp"
#include "base/log.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl.hpp>

namespace holdfast::api {

namespace {

using RemoteStream = beast::ssl_stream<beast::tcp_stream>;

std::string subject_of(RemoteStream& stream)
{
    const std::unique_ptr<X509, FreeWith<X509_free>> certificate(
        SSL_get1_peer_certificate(stream.native_handle()));
    const std::unique_ptr<BIO, FreeWith<BIO_free>> text(BIO_new(BIO_s_mem()));
    if (certificate == nullptr || text == nullptr) {
        return "unknown certificate";
    }
    // RFC 2253 also escapes what could forge a line.
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
}

/// Whether no certificate of the chain that the handshake has verified has expired.
bool is_in_date(RemoteStream& stream, io::Clock& clock)
{
    const auto* chain = SSL_get0_verified_chain(stream.native_handle());
    auto now = std::chrono::system_clock::to_time_t(clock.now());
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        // -1: earlier than now. 0: no time at all.
        if (X509_cmp_time(X509_get0_notAfter(sk_X509_value(chain, i)), &now) <= 0) {
            return false;
        }
    }
    return sk_X509_num(chain) > 0;
}

/// A connection while it has not shown a certificate. Where there are too many of them, the oldest
/// is closed, and its handshake fails.
class Handshake {
public:
    Handshake(RemoteStream& stream, Service& service)
        : waiting_(service.remote.handshakes), stream_(&beast::get_lowest_layer(stream))
    {
        if (waiting_.size() >= service.limits.remote_handshakes) {
            waiting_.front()->close();
            waiting_.pop_front();
        }
        waiting_.push_back(stream_);
    }
    ~Handshake() { std::erase(waiting_, stream_); }
    Handshake(const Handshake&) = delete;
    Handshake& operator=(const Handshake&) = delete;

private:
    std::list<beast::tcp_stream*>& waiting_;
    beast::tcp_stream* stream_;
};

asio::awaitable<bool> shake_hands(RemoteStream& stream, Service& service)
{
    const Handshake waiting(stream, service);
    beast::get_lowest_layer(stream).expires_after(service.limits.transfer);
    const auto [refused] =
        co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
    if (refused) {
        log::info("remote client refused", {{"reason", refused.message()}});
    }
    co_return !refused;
}

/// Counts one that has shown a certificate.
class Session {
public:
    explicit Session(Service& service) : count_(service.remote.sessions) { ++count_; }
    ~Session() { --count_; }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

private:
    std::size_t& count_;
};

asio::awaitable<void> serve(asio::ip::tcp::socket socket, std::shared_ptr<RemoteKeys> keys,
                            Service& service)
{
    RemoteStream stream(beast::tcp_stream(std::move(socket)), *keys->context);
    if (!co_await shake_hands(stream, service)) {
        co_return;
    }
    if (service.remote.sessions >= service.limits.remote_sessions) {
        log::warning("remote client turned away: too many are connected",
                     {{"connected", std::to_string(service.remote.sessions)}});
        co_return;
    }
    const Session session(service);
    Caller caller{std::nullopt, subject_of(stream)};
    const auto still_welcome = [&stream, &keys, &service] {
        return keys->current && is_in_date(stream, service.clock);
    };
    co_await converse(stream, service, std::move(caller), still_welcome);
    beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
    co_await stream.async_shutdown(as_result);
}

Failure<Error> bad_keys(std::string_view what)
{
    const auto code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return fail(Errc::invalid, "settings.api.remote: {}: {}", what,
                reason == nullptr ? "not usable" : reason);
}

} // namespace

RemoteKeys::RemoteKeys(std::unique_ptr<asio::ssl::context> context_) : context(std::move(context_))
{
}
RemoteKeys::~RemoteKeys() = default;

Result<std::shared_ptr<RemoteKeys>> load_keys(const RemoteAddress& address)
{
    beast::error_code problem;
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    auto* handle = context->native_handle();
    SSL_CTX_set_min_proto_version(handle, TLS1_3_VERSION);
    // A resumed session would skip the look at the certificate's dates.
    SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(handle, 0);
    SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // The configured authority is trusted for itself, also where it is one below a root.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(handle), X509_V_FLAG_PARTIAL_CHAIN);

    if (context->use_certificate_chain(asio::buffer(address.server_certificate), problem);
        problem) {
        return bad_keys("server-certificate");
    }
    if (context->use_private_key(asio::buffer(address.server_key), asio::ssl::context::pem,
                                 problem);
        problem) {
        return bad_keys("server-key");
    }
    if (context->add_certificate_authority(asio::buffer(address.client_ca), problem);
        problem || address.client_ca.empty()) {
        return bad_keys("client-ca");
    }
    if (SSL_CTX_check_private_key(handle) != 1) {
        return bad_keys("server-key does not belong to server-certificate");
    }
    return std::make_shared<RemoteKeys>(std::move(context));
}

asio::awaitable<void> accept_remote(std::shared_ptr<RemoteListener> listener, Service& service)
{
    auto& acceptor = listener->acceptor;
    while (acceptor.is_open()) {
        auto [problem, socket] = co_await acceptor.async_accept(as_result);
        if (!problem) {
            asio::co_spawn(service.loop, serve(std::move(socket), listener->keys, service),
                           asio::detached);
        } else if (acceptor.is_open()) {
            asio::steady_timer pause(service.loop, std::chrono::milliseconds(50));
            co_await pause.async_wait(as_result);
        }
    }
}

} // namespace holdfast::api
