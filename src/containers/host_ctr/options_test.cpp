#include "containers/host_ctr/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::containers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CommandLine run_with(std::vector<std::string> more)
{
    more.insert(more.begin(), {"run", "--container-id=admin", "--source=a"});
    return more;
}

TEST(HostCtrOptions, HaveTheHostsContainerdAsDefault)
{
    const auto parsed = parse_options(run_with({}));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_FALSE(parsed->exit_status.has_value());
    EXPECT_EQ(parsed->options.socket, "/run/host-containerd/containerd.sock");
    EXPECT_EQ(parsed->options.space, "default");
    EXPECT_FALSE(parsed->options.superpowered);
    EXPECT_EQ(parsed->options.kind, Kind::host);
    EXPECT_THAT(parsed->options.command, IsEmpty());
}

TEST(HostCtrOptions, AreReadAsTheUnitWritesThem)
{
    const auto parsed = parse_options(
        run_with({"--superpowered=true", R"(--command=["sh", "-c"])", "--container-type=bootstrap",
                  "--registry-config=/etc/host-containers/host-ctr.toml"}));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    EXPECT_TRUE(parsed->options.superpowered);
    EXPECT_THAT(parsed->options.command, ElementsAre("sh", "-c"));
    EXPECT_EQ(parsed->options.kind, Kind::bootstrap);
    EXPECT_EQ(parsed->options.registry_config, "/etc/host-containers/host-ctr.toml");
    EXPECT_FALSE(parse_options(run_with({"--superpowered=false"}))->options.superpowered);
}

TEST(HostCtrOptions, AnEmptyCommandIsNone)
{
    for (const char* empty : {"--command=", "--command=[]"}) {
        const auto parsed = parse_options(run_with({empty}));
        ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
        EXPECT_FALSE(parsed->exit_status.has_value()) << empty;
        EXPECT_THAT(parsed->options.command, IsEmpty());
    }
}

TEST(HostCtrOptions, RefuseNamesThatAreNoFolders)
{
    for (const char* name : {"", ".", "..", "a/b", "../a", "a.b", "a b", "a\nb"}) {
        EXPECT_FALSE(
            parse_options({"run", "--container-id", name, "--source=a"}).has_value())
            << name;
    }
    const auto bootstrap = parse_options({"clean-up", "--container-id=boot.admin"});
    ASSERT_TRUE(bootstrap.has_value());
    EXPECT_EQ(bootstrap->options.container_id, "boot.admin");
}

/// The longest that the settings take, and that containerd takes with the prefix.
TEST(HostCtrOptions, TakeNamesThatContainerdTakes)
{
    const auto takes = [](std::size_t length, const char* kind) {
        return parse_options({"run", "--container-id", std::string(length, 'a'), "--source=a",
                              "--container-type", kind})
            .has_value();
    };
    EXPECT_TRUE(takes(76, "host"));
    EXPECT_FALSE(takes(77, "host"));
    EXPECT_TRUE(takes(71, "bootstrap"));
    EXPECT_FALSE(takes(72, "bootstrap"));
    for (const char* verb : {"clean-up", "finish"}) {
        const auto longest = "boot." + std::string(71, 'a');
        EXPECT_TRUE(parse_options({verb, "--container-id", longest}).has_value()) << verb;
        EXPECT_FALSE(parse_options({verb, "--container-id", longest + "a"}).has_value()) << verb;
    }
}

TEST(HostCtrOptions, RefuseLabelsAndCommandsOfAnotherForm)
{
    for (const auto& label : {std::string("a"), std::string("=a"), "a=" + std::string(4096, 'x')}) {
        EXPECT_FALSE(parse_options({"pull-image", "--source=a", "--label", label}).has_value());
    }
    for (const char* command : {"--command=sh", "--command={}", "--command=[1]"}) {
        EXPECT_FALSE(parse_options(run_with({command})).has_value()) << command;
    }
    const auto pull =
        parse_options({"pull-image", "--source=a", "--label", "a=b=c", "--label", "d="});
    ASSERT_TRUE(pull.has_value());
    EXPECT_EQ(pull->options.labels, (Labels{{"a", "b=c"}, {"d", ""}}));
}

TEST(HostCtrOptions, MisuseHasTheStatusTwo)
{
    for (const CommandLine& line :
         {CommandLine{}, CommandLine{"dance"}, CommandLine{"run"},
          run_with({"--container-type=pod"}), run_with({"--superpowered=perhaps"})}) {
        const auto parsed = parse_options(line);
        ASSERT_TRUE(parsed.has_value());
        EXPECT_EQ(parsed->exit_status, 2);
    }
    EXPECT_EQ(parse_options({"--help"})->exit_status, 0);
}

} // namespace
} // namespace holdfast::containers
