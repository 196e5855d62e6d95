#include "containers/lifecycle/registry_access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::containers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

RegistryImage image(std::string_view text)
{
    return *RegistryImage::parse(text);
}

std::vector<std::string> endpoints(std::string_view toml, std::string_view name,
                                   std::vector<std::string>* skipped_out = nullptr)
{
    const auto access = RegistryAccess::parse(toml);
    EXPECT_TRUE(access.has_value()) << access.error().message();
    std::vector<std::string> skipped;
    std::vector<std::string> references;
    for (const auto& endpoint : access->endpoints(image(name), skipped)) {
        references.push_back(endpoint.reference);
    }
    if (skipped_out != nullptr) {
        *skipped_out = skipped;
    }
    return references;
}

TEST(Mirrors, NoneMeansTheRegistryItself)
{
    EXPECT_THAT(endpoints("", "nginx"), ElementsAre("docker.io/library/nginx:latest"));
}

TEST(Mirrors, ComeBeforeTheRegistryInTheirOrder)
{
    EXPECT_THAT(endpoints(R"([mirrors."docker.io"]
endpoints = ["https://one.example", "two.example:5000", "https://three.example/v2/", "https://four.example/v2/proxy/hub"])",
                          "nginx:1"),
                ElementsAre("one.example/library/nginx:1", "two.example:5000/library/nginx:1",
                            "three.example/library/nginx:1",
                            "four.example/proxy/hub/library/nginx:1",
                            "docker.io/library/nginx:1"));
}

TEST(Mirrors, OfTheStarServeRegistriesWithoutTheirOwn)
{
    constexpr auto toml = R"([mirrors."*"]
endpoints = ["https://all.example"]
[mirrors."own.example"]
endpoints = ["https://own-mirror.example"])";
    EXPECT_THAT(endpoints(toml, "r.example/a:1"),
                ElementsAre("all.example/a:1", "r.example/a:1"));
    EXPECT_THAT(endpoints(toml, "own.example/a:1"),
                ElementsAre("own-mirror.example/a:1", "own.example/a:1"));
}

TEST(Mirrors, OutOfReachAreLeftOutAndNamed)
{
    std::vector<std::string> skipped;
    EXPECT_THAT(endpoints(R"([mirrors."docker.io"]
endpoints = ["http://plain.example", "https://path.example/other", "localhost:5000", "https://"])",
                          "nginx:1", &skipped),
                ElementsAre("docker.io/library/nginx:1"));
    EXPECT_THAT(skipped, ElementsAre("http://plain.example", "https://path.example/other",
                                     "localhost:5000", "https://"));
}

TEST(Logins, AreThoseOfTheImagesRegistry)
{
    const auto access = RegistryAccess::parse(R"([creds."r.example"]
username = "warden"
password = "keys"
[creds."docker.io"]
auth = "dXNlcjpwYTpzcw=="
[creds."token.example"]
identitytoken = "t"
)");
    ASSERT_TRUE(access.has_value()) << access.error().message();
    const auto plain = access->login(image("r.example/a"));
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain->user, "warden");
    EXPECT_EQ(plain->secret, "keys");
    const auto packed = access->login(image("nginx"));
    ASSERT_TRUE(packed.has_value());
    EXPECT_EQ(packed->user, "user");
    EXPECT_EQ(packed->secret, "pa:ss");
    const auto token = access->login(image("token.example/a"));
    ASSERT_TRUE(token.has_value());
    EXPECT_EQ(token->user, "");
    EXPECT_EQ(token->secret, "t");
    EXPECT_FALSE(access->login(image("other.example/a")).has_value());
}

TEST(Logins, OfDockersApiHostServeDockersImages)
{
    const auto access =
        RegistryAccess::parse("[creds.\"registry-1.docker.io\"]\nusername = \"u\"\n");
    ASSERT_TRUE(access.has_value());
    EXPECT_TRUE(access->login(image("nginx")).has_value());
}

TEST(RegistryConfiguration, IsRefusedWithTheKeyButWithoutSecrets)
{
    const std::pair<const char*, const char*> bad[] = {
        {"[creds.\"r\"]\nauth = \"!secret!\"", "creds.r"},
        {"[creds.\"r\"]\nauth = \"c2VjcmV0\"", "auth"},
        {"[creds.\"r\"]\nusername = 1", "username"},
        {"creds = 1", "creds"},
        {"[creds]\nr = 1", "creds.r"},
        {"mirrors = []", "mirrors"},
        {"[mirrors.\"r\"]\n", "endpoints"},
        {"[mirrors.\"r\"]\nendpoints = [1]", "endpoints"},
        {"= 1", "line 1"}};
    for (const auto& [toml, key] : bad) {
        const auto access = RegistryAccess::parse(toml);
        ASSERT_FALSE(access.has_value()) << toml;
        EXPECT_EQ(access.error().code(), Errc::invalid);
        EXPECT_THAT(access.error().message(), HasSubstr(key));
        EXPECT_THAT(access.error().message(), Not(HasSubstr("secret")));
    }
}

} // namespace
} // namespace holdfast::containers
