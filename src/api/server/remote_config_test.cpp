#include "api/server/remote_config.hpp"

#include <gmock/gmock.h>

namespace holdfast::api {

namespace {

constexpr const char* whole = R"({"enabled": true, "port": 8443,
    "client-ca": "-----BEGIN CERTIFICATE-----a", "server-certificate": "-----BEGIN CERTIFICATE-----b",
    "server-key": "-----BEGIN PRIVATE KEY-----c"})";

} // namespace

TEST(RemoteConfig, CarriesPortAndKeys)
{
    const auto config = parse_remote_config(whole);
    ASSERT_TRUE(config.has_value() && config->has_value());
    EXPECT_EQ((*config)->port, 8443);
    EXPECT_EQ((*config)->server_key, "-----BEGIN PRIVATE KEY-----c");
}

TEST(RemoteConfig, DisabledNeedsNothingElse)
{
    const auto config = parse_remote_config(R"({"enabled": false})");
    ASSERT_TRUE(config.has_value());
    EXPECT_FALSE(config->has_value());
}

class BadRemoteConfig : public testing::TestWithParam<std::string> {};

TEST_P(BadRemoteConfig, IsRefusedWithoutTellingTheKey)
{
    const auto config = parse_remote_config(GetParam());
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(config.error().code(), Errc::invalid);
    EXPECT_THAT(config.error().message(), testing::Not(testing::HasSubstr("SECRET")));
}

INSTANTIATE_TEST_SUITE_P(
    Configs, BadRemoteConfig,
    testing::Values("", "[]", "{}", R"({"enabled": 1})", R"({"enabled": true})",
                    R"({"enabled": true, "port": 65536})", R"({"enabled": true, "port": "8443"})",
                    R"({"enabled": true, "port": 1, "client-ca": "-----BEGIN C",
                        "server-certificate": "-----BEGIN C", "server-key": "SECRET"})"));

} // namespace holdfast::api
