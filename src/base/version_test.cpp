#include "base/version.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast {
namespace {

TEST(Version, ReadsSemanticVersions)
{
    for (const auto* text :
         {"0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.x-y.7",
          "1.0.0+001", "1.0.0-rc.1+build.5", "18446744073709551615.0.0"}) {
        const auto version = Version::parse(text);
        ASSERT_TRUE(version.has_value()) << text;
        EXPECT_EQ(version->str(), text);
    }
}

TEST(Version, RefusesOthers)
{
    for (const auto* text : {"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.03", "1.2.x",
                             "1.2.-3", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3-01", "1.2.3-a_b",
                             " 1.2.3", "1.2.3 ", "18446744073709551616.0.0"}) {
        EXPECT_FALSE(Version::parse(text).has_value()) << text;
    }
    EXPECT_FALSE(Version::parse("1.2.3-" + std::string(200, 'a')).has_value());
}

TEST(Version, OrdersByAge)
{
    const std::vector<const char*> ascending{
        "0.9.9",       "1.0.0-1",       "1.0.0-2",          "1.0.0-10",
        "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
        "1.0.0-rc.1",  "1.0.0",         "1.0.0+a",          "1.0.0+b",
        "1.0.1",       "1.2.0",         "1.10.0",           "2.0.0"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_EQ(*Version::parse(ascending[i]) <=> *Version::parse(ascending[j]), i <=> j)
                << ascending[i] << " and " << ascending[j];
        }
    }
}

TEST(VersionLock, IsLatestOrAVersion)
{
    EXPECT_FALSE(VersionLock::parse("latest")->version().has_value());
    EXPECT_EQ(VersionLock::parse("1.2.3")->version()->str(), "1.2.3");
    EXPECT_EQ(VersionLock::parse("v1.2.3")->version()->str(), "1.2.3");
    for (const auto* text : {"", "newest", "vv1.2.3", "v", "1.2"}) {
        EXPECT_FALSE(VersionLock::parse(text).has_value()) << text;
    }
}

} // namespace
} // namespace holdfast
