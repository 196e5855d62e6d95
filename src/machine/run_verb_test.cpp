#include "machine/run_verb.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_random.hpp"

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

/// The verb with a host that has one file; the builder must not be reached.
class RunVerb : public ::testing::Test {
protected:
    Result<int> run(const CommandLine& arguments)
    {
        built = false;
        return run_verb(arguments, system, [](io::System&, const std::string&) {
            built = true;
            return Result<std::filesystem::path>(fail(Errc::io, "that was the builder"));
        });
    }

    io::FakeFiles files{{"/host/data.toml", "[settings]\n"}};
    io::FakeClock clock;
    io::FakeRandom random;
    io::FakeProcesses processes;
    io::System system{files, clock, random, processes,
                      [](const char*) { return std::optional<std::string>(); }};
    static bool built;
};

bool RunVerb::built = false;

TEST_F(RunVerb, RefusesNumbersThatNoMachineCanHaveBeforeItBuilds)
{
    const std::vector<CommandLine> misuses{
        {"--disk", "1"}, {"--disk", "0"},    {"--disk", "-1"},    {"--memory", "0"},
        {"--cpus", "0"}, {"--cpus", "1000"}, {"--timeout", "-1"}, {"--memory", "much"},
    };
    for (const auto& misuse : misuses) {
        EXPECT_EQ(run(misuse).value_or(0), 2) << misuse[0] << " " << misuse[1];
        EXPECT_FALSE(built) << misuse[0] << " " << misuse[1];
    }
    EXPECT_EQ(run({"--disk", "2", "--memory", "512", "--cpus", "1"}).error().code(), Errc::io);
    EXPECT_TRUE(built) << "or this test proves nothing";
}

TEST_F(RunVerb, MissesAFileBeforeItBuilds)
{
    for (const auto* option : {"--user-data", "--image"}) {
        const auto refused = run({option, "/no.toml"});
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().message(), std::string(option) + ": there is no file /no.toml");
        EXPECT_FALSE(built);
    }
    EXPECT_FALSE(run({"--user-data", "/data.toml"}).has_value());
    EXPECT_TRUE(built) << "or this test proves nothing";
}

TEST_F(RunVerb, TakesNoFolderForAFile)
{
    ASSERT_TRUE(files.create_directories("/host/folder").has_value());
    EXPECT_EQ(run({"--user-data", "/folder"}).error().message(),
              "--user-data: there is no file /folder");
    EXPECT_FALSE(built);
}

TEST_F(RunVerb, FollowsLinksAsTheHostDoes)
{
    files.put_link("/host/home", "/mnt/ssd");
    ASSERT_TRUE(files.create_directories("/host/mnt/ssd/me").has_value());
    files.put_link("/host/mnt/ssd/me/there", "../you");
    EXPECT_EQ(user_path(system, "/home/me/there/a.toml"), "/host/mnt/ssd/you/a.toml");
    EXPECT_EQ(user_path(system, "/home/../../data.toml"), "/host/data.toml");
    files.put_link("/host/loop", "/loop");
    EXPECT_EQ(user_path(system, "/loop"), "/host/loop");
}

TEST_F(RunVerb, OfApiclientTellsItsOptionsWithoutAMachine)
{
    processes.answer("/src/holdfast/cmake/ninja", {});
    processes.answer("/src/holdfast/build/release/bin/apiclient", {});
    for (const CommandLine& asked : {CommandLine{"--help"}, CommandLine{"set", "--help"}}) {
        const auto status = apiclient_verb(asked, system);
        ASSERT_TRUE(status.has_value()) << status.error().message();
        EXPECT_EQ(*status, 0);
        EXPECT_TRUE(processes.command_lines().back().ends_with(" " + asked.back()));
    }
}

} // namespace
} // namespace holdfast::machine
