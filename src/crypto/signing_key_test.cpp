#include "crypto/signing_key.hpp"

#include "base/text.hpp"
#include "crypto/digest.hpp"

#include <gtest/gtest.h>

namespace holdfast::crypto {
namespace {

class SigningKeys : public ::testing::TestWithParam<SignatureScheme> {};

TEST_P(SigningKeys, VerifyWhatTheySignedAndNothingElse)
{
    const auto key = PrivateKey::generate(GetParam());
    auto signature = *key.sign("the message");
    const auto public_key = key.public_key();
    EXPECT_TRUE(public_key.verifies("the message", signature));
    EXPECT_FALSE(public_key.verifies("the massage", signature));
    EXPECT_FALSE(PrivateKey::generate(GetParam()).public_key().verifies("the message", signature));
    signature.back() ^= std::byte{1};
    EXPECT_FALSE(public_key.verifies("the message", signature));
    EXPECT_FALSE(public_key.verifies("the message", {}));
}

TEST_P(SigningKeys, SurviveTheirTextForm)
{
    const auto key = PrivateKey::generate(GetParam());
    const auto again = PrivateKey::from_pem(*key.pem());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->scheme(), GetParam());
    const auto public_key = PublicKey::from_pem(GetParam(), key.public_key().pem());
    ASSERT_TRUE(public_key.has_value());
    EXPECT_EQ(public_key->fingerprint(), key.public_key().fingerprint());
    EXPECT_TRUE(public_key->verifies("x", *again->sign("x")));
}

INSTANTIATE_TEST_SUITE_P(Schemes, SigningKeys,
                         ::testing::Values(SignatureScheme::ed25519,
                                           SignatureScheme::rsa_pss_sha256,
                                           SignatureScheme::ecdsa_p256_sha256));

TEST(PublicKey, IsRefusedForAnotherScheme)
{
    const auto pem = PrivateKey::generate(SignatureScheme::ed25519).public_key().pem();
    EXPECT_EQ(PublicKey::from_pem(SignatureScheme::ecdsa_p256_sha256, pem).error().code(),
              Errc::unsupported);
    EXPECT_EQ(PublicKey::from_pem(SignatureScheme::ed25519, "no key").error().code(),
              Errc::invalid);
    EXPECT_FALSE(PublicKey::from_ed25519({}).has_value());
}

/// Else one private key under two ids would be two signatures.
TEST(PublicKey, IsOneHoweverItsPointOrCurveIsWritten)
{
    const struct {
        const char* form;
        const char* pem;
    } forms[] = {
        {"uncompressed", "-----BEGIN PUBLIC KEY-----\n"
                         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb/vDzxFXabXJ8TKSxzbWUP5M1bP3\n"
                         "/mEduM7KIqubcm55NDd/JqR3zEoo5H0bQZs2zEuF32kB5AM4HOkuRPQjhw==\n"
                         "-----END PUBLIC KEY-----\n"},
        {"compressed", "-----BEGIN PUBLIC KEY-----\n"
                       "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADb/vDzxFXabXJ8TKSxzbWUP5M1bP3\n"
                       "/mEduM7KIqubcm4=\n"
                       "-----END PUBLIC KEY-----\n"},
        {"hybrid", "-----BEGIN PUBLIC KEY-----\n"
                   "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAHb/vDzxFXabXJ8TKSxzbWUP5M1bP3\n"
                   "/mEduM7KIqubcm55NDd/JqR3zEoo5H0bQZs2zEuF32kB5AM4HOkuRPQjhw==\n"
                   "-----END PUBLIC KEY-----\n"},
        {"explicit curve", "-----BEGIN PUBLIC KEY-----\n"
                           "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n"
                           "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n"
                           "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n"
                           "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n"
                           "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n"
                           "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABG/7w88RV2m1yfEyksc21lD+\n"
                           "TNWz9/5hHbjOyiKrm3JueTQ3fyakd8xKKOR9G0GbNsxLhd9pAeQDOBzpLkT0I4c=\n"
                           "-----END PUBLIC KEY-----\n"},
        {"explicit curve, compressed",
         "-----BEGIN PUBLIC KEY-----\n"
         "MIIBCjCB4wYHKoZIzj0CATCB1wIBATAsBgcqhkjOPQEBAiEA/////wAAAAEAAAAA\n"
         "AAAAAAAAAAD///////////////8wWwQg/////wAAAAEAAAAAAAAAAAAAAAD/////\n"
         "//////////wEIFrGNdiqOpPns+u9VXaYhrxlHQawzFOw9jvOPD4n0mBLAxUAxJ02\n"
         "CIbnBJNqZnjhE50mt4GffpAEIQNrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF\n"
         "2JjClgIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBAyIAA2/7\n"
         "w88RV2m1yfEyksc21lD+TNWz9/5hHbjOyiKrm3Ju\n"
         "-----END PUBLIC KEY-----\n"},
    };
    const auto usual = PublicKey::from_pem(forms[0].pem);
    ASSERT_TRUE(usual.has_value());
    EXPECT_EQ(usual->pem(), forms[0].pem);
    for (const auto& [form, pem] : forms) {
        const auto key = PublicKey::from_pem(SignatureScheme::ecdsa_p256_sha256, pem);
        ASSERT_TRUE(key.has_value()) << form << ": " << key.error().message();
        EXPECT_EQ(key->fingerprint(), usual->fingerprint()) << form;
        EXPECT_EQ(key->pem(), forms[0].pem) << form;
    }
}

TEST(PublicKey, VerifiesTheFirstVectorOfRfc8032)
{
    const auto bytes =
        *from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const auto signature =
        *from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    EXPECT_TRUE(PublicKey::from_ed25519(bytes)->verifies("", signature));
}

TEST(Digest, MatchesThePublishedVectors)
{
    EXPECT_EQ(digest_hex(DigestAlgorithm::sha256, "abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_TRUE(digest_hex(*digest_algorithm("sha512"), "abc").starts_with("ddaf35a193617aba"));
    EXPECT_FALSE(digest_algorithm("md5").has_value());
}

} // namespace
} // namespace holdfast::crypto
