#include "machine/certificates.hpp"

#include "base/text.hpp"
#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace holdfast::machine {
namespace {

using ::testing::HasSubstr;

const auto now = std::chrono::sys_days{std::chrono::year{2030} / 6 / 1};
const KeyFiles keys("/keys");

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate read(const std::string& text)
{
    BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    return {certificate, X509_free};
}

/// OpenSSL's verdict on `leaf` for this use, with `authority` as the only trusted one.
int verdict(const std::string& leaf, const std::string& authority, int purpose,
            std::chrono::system_clock::time_point at)
{
    const auto trusted = read(authority);
    const auto checked = read(leaf);
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, trusted.get());
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, checked.get(), nullptr);
    X509_STORE_CTX_set_purpose(context, purpose);
    X509_STORE_CTX_set_time(context, 0, std::chrono::system_clock::to_time_t(at));
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
    X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
}

TEST(ApiIdentities, AreTrustedForTheirUseOnly)
{
    io::FakeFiles files;
    const auto made = api_identities(files, keys, now);
    ASSERT_TRUE(made.has_value()) << made.error().message();
    const auto& authority = made->authority.certificate;
    EXPECT_EQ(verdict(made->server.certificate, authority, X509_PURPOSE_SSL_SERVER, now), X509_V_OK);
    EXPECT_EQ(verdict(made->client.certificate, authority, X509_PURPOSE_SSL_CLIENT, now), X509_V_OK);
    EXPECT_EQ(verdict(made->server.certificate, authority, X509_PURPOSE_SSL_CLIENT, now),
              X509_V_ERR_INVALID_PURPOSE);
    EXPECT_EQ(verdict(made->client.certificate, authority, X509_PURPOSE_SSL_SERVER, now),
              X509_V_ERR_INVALID_PURPOSE);
}

TEST(ApiIdentities, NameTheLoopback)
{
    io::FakeFiles files;
    const auto made = api_identities(files, keys, now);
    ASSERT_TRUE(made.has_value());
    const auto server = read(made->server.certificate);
    EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.1", 0), 1);
    EXPECT_EQ(X509_check_host(server.get(), "localhost", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.2", 0), 0);
}

TEST(ApiIdentities, LastTenYears)
{
    io::FakeFiles files;
    const auto made = api_identities(files, keys, now);
    ASSERT_TRUE(made.has_value());
    const auto check_at = [&made](auto when) {
        return verdict(made->client.certificate, made->authority.certificate,
                       X509_PURPOSE_SSL_CLIENT, when);
    };
    EXPECT_EQ(check_at(now - std::chrono::hours{1}), X509_V_OK);
    EXPECT_EQ(check_at(now + std::chrono::years{9}), X509_V_OK);
    EXPECT_EQ(check_at(now + std::chrono::years{11}), X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST(ApiIdentities, AreMadeOnceAndTheKeysAreSecret)
{
    io::FakeFiles files;
    const auto first = api_identities(files, keys, now);
    const auto second = api_identities(files, keys, now);
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(first->client.certificate, second->client.certificate);
    EXPECT_EQ(*files.read(keys.authority), first->authority.certificate);
    EXPECT_EQ(files.mode(keys.client_key), 0600);
    EXPECT_EQ(files.mode("/keys/api-ca.key"), 0600);
}

TEST(ApiIdentities, AreMadeAnewTogetherWhenOneIsMissing)
{
    io::FakeFiles files;
    const auto first = api_identities(files, keys, now);
    ASSERT_TRUE(files.remove(keys.client));
    const auto second = api_identities(files, keys, now);
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(verdict(second->client.certificate, second->authority.certificate,
                      X509_PURPOSE_SSL_CLIENT, now),
              X509_V_OK);
}

TEST(RemoteApiUserData, CarriesTheThreeThatTheMachineNeeds)
{
    io::FakeFiles files;
    const auto made = api_identities(files, keys, now);
    ASSERT_TRUE(made.has_value());
    const auto toml = remote_api_user_data(*made);
    EXPECT_THAT(toml, HasSubstr("[settings.api.remote]\nenabled = true\n"));
    EXPECT_THAT(toml, HasSubstr("client-ca = \"" + to_base64(made->authority.certificate) + "\""));
    EXPECT_THAT(toml, HasSubstr("server-key = \"" + to_base64(made->server.key) + "\""));
    EXPECT_EQ(toml.find(to_base64(made->authority.key)), std::string::npos)
        << "the authority's key stays at home";
}

} // namespace
} // namespace holdfast::machine
