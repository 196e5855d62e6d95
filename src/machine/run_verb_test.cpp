#include "machine/run_verb.hpp"

#include <gtest/gtest.h>

namespace holdfast::machine {
namespace {

TEST(TypedNames, StandForThePathsInsideTheSdkTree)
{
    const std::map<std::string, std::string> names{{"/etc/a.toml", "/host/etc/a.toml"},
                                                   {"b.toml", "/host/home/me/b.toml"}};
    EXPECT_EQ(with_typed_names("'file:///host/etc/a.toml': opening /host/etc/a.toml: no", names),
              "'file:///etc/a.toml': opening /etc/a.toml: no");
    EXPECT_EQ(with_typed_names("file:///host/home/me/b.toml", names), "file://b.toml");
    EXPECT_EQ(with_typed_names("settings.motd", names), "settings.motd");
}

} // namespace
} // namespace holdfast::machine
