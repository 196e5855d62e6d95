#include "settings/types/pem.hpp"

#include "base/text.hpp"
#include "settings/types/pem_samples.hpp"

#include <gtest/gtest.h>

namespace holdfast::settings {
namespace {

bool is_bundle(std::string_view text)
{
    return PemBundle::parse(to_base64(text)).has_value();
}

bool is_key(std::string_view text)
{
    return PemKey::parse(to_base64(text)).has_value();
}

const std::string certificate(sample_certificate);
const std::string key(sample_key);

TEST(PemBundle, TakesCertificatesAndNothingElse)
{
    EXPECT_TRUE(is_bundle(certificate));
    EXPECT_TRUE(is_bundle(certificate + certificate));
    EXPECT_TRUE(is_bundle("a comment\n" + certificate + "another\n"));

    EXPECT_FALSE(is_bundle("no PEM at all"));
    EXPECT_FALSE(is_bundle(key));
    EXPECT_FALSE(is_bundle(certificate + key));
    EXPECT_FALSE(is_bundle(certificate.substr(0, certificate.size() / 2)));
    EXPECT_FALSE(is_bundle(certificate + certificate.substr(0, certificate.size() / 2)));
    auto damaged = certificate;
    damaged.replace(damaged.find('\n') + 1, 8, "AAAAAAAA");
    EXPECT_FALSE(is_bundle(damaged));
}

TEST(PemKey, BelongsToTheFirstCertificateAndIsStrong)
{
    const auto why = [](std::string_view certificates, std::string_view private_key) {
        return misfit(literal<PemBundle>(to_base64(certificates)),
                      literal<PemKey>(to_base64(private_key)));
    };
    EXPECT_EQ(why(certificate, key), "");
    EXPECT_EQ(why(certificate + std::string(weak_certificate), key), "");
    EXPECT_EQ(why(certificate, other_key), "expected the private key of the first certificate");
    EXPECT_EQ(why(std::string(weak_certificate) + certificate, key),
              "expected the private key of the first certificate");
    EXPECT_TRUE(why(weak_certificate, weak_key).starts_with("expected a stronger key"));
}

TEST(PemBundle, BlankTakesItAway)
{
    for (const std::string_view blank : {"", " ", "\n"}) {
        const auto bundle = PemBundle::parse(blank);
        ASSERT_TRUE(bundle.has_value());
        EXPECT_EQ(decoded(*bundle), "");
    }
    EXPECT_FALSE(PemBundle::parse(certificate).has_value()) << "PEM that is not in base64";
    EXPECT_EQ(decoded(*PemBundle::parse(to_base64(certificate))), certificate);
}

TEST(PemKey, TakesOneUnencryptedKey)
{
    EXPECT_TRUE(is_key(key));
    EXPECT_FALSE(is_key(certificate));
    EXPECT_FALSE(is_key(""));
    EXPECT_FALSE(is_key(sample_encrypted_key)) << "and does not ask for a pass phrase";
    EXPECT_EQ(decoded(*PemKey::parse(to_base64(key))), key);
}

} // namespace
} // namespace holdfast::settings
