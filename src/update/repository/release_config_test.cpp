#include "update/repository/release_config.hpp"

#include "update/repository/testing/test_publisher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::publish {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto release_toml = R"toml(
version = "1.2.0"

[migrations]
"(1.0.0, 1.1.0)" = ["migrate_v1.1.0_motd.lz4", "migrate_v1.1.0_ntp.lz4"]
"(1.1.0, 1.2.0)" = []
)toml";

TEST(ReleaseConfig, TellsWhatABuildMigratesFrom)
{
    const auto migrations = parse_release_config(release_toml);
    ASSERT_TRUE(migrations.has_value()) << migrations.error().message();
    auto build = TestPublisher::build("1.1.0");
    EXPECT_THAT(find_migrates_from(*migrations, build).error().message(),
                HasSubstr("carries no migration motd of 1.1.0"));
    build.migrations.insert({.version = version_of("1.1.0"), .name = "motd"});
    EXPECT_THAT(find_migrates_from(*migrations, build).error().message(),
                HasSubstr("carries no migration ntp of 1.1.0"));
    build.migrations.insert({.version = version_of("1.1.0"), .name = "ntp"});
    // 1.2.0 may be on offer already.
    EXPECT_THAT(*find_migrates_from(*migrations, build),
                ElementsAre(version_of("1.0.0"), version_of("1.2.0")));
    EXPECT_THAT(*find_migrates_from(*migrations, TestPublisher::build("1.2.0")),
                ElementsAre(version_of("1.1.0")));
    EXPECT_THAT(*find_migrates_from(*migrations, TestPublisher::build("1.3.0")), IsEmpty());
}

TEST(ReleaseConfig, IsRefusedWhereItIsNone)
{
    for (const auto* text :
         {"", "version = \"1.0.0\"", "migrations = 1", "[migrations]\n\"(1.0.0,1.1.0)\" = []",
          "[migrations]\n\"(1.0.0, 1.1.0)\" = \"x\"", "[migrations"}) {
        EXPECT_FALSE(parse_release_config(text).has_value()) << text;
    }
    for (const auto* name :
         {"x", "migrate_v1.1_x.lz4", "migrate_v1.1.0.lz4", "migrate_v1.1.0_.lz4"}) {
        const ReleaseMigrations migrations{{{version_of("1.0.0"), version_of("1.1.0")}, {name}}};
        EXPECT_FALSE(find_migrates_from(migrations, TestPublisher::build("1.1.0")).has_value())
            << name;
    }
}

} // namespace
} // namespace holdfast::publish
