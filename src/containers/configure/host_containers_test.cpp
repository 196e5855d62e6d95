#include "containers/configure/host_containers.hpp"

#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::containers {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ConfigureHostContainers : public ::testing::Test {
protected:
    ConfigureHostContainers()
    {
        processes.answer("systemctl", io::Outcome{});
        processes.answer("systemctl show", io::Outcome{.output = "active\n"});
        processes.answer("/usr/bin/host-ctr", io::Outcome{});
    }

    void settings(const std::string& toml)
    {
        files.put("/etc/host-containers/host-containers.toml", toml);
    }

    Result<void> configure(const std::string& changed = "")
    {
        return configure_host_containers(changed, files, processes);
    }

    /// From now on these words end like that; FakeProcesses would give queued answers first.
    void now(const std::string& words, io::Outcome outcome)
    {
        processes.play(words, [outcome](const io::Command&) -> Result<io::Outcome> {
            return outcome;
        });
    }

    io::FakeFiles files;
    io::FakeProcesses processes;
};

constexpr auto admin = R"([host-containers.admin]
source = "registry.example/admin:1"
enabled = true
superpowered = true
user-data = "aGVsbG8="
)";

constexpr auto two = R"([host-containers.admin]
source = "registry.example/admin:1"
[host-containers.control]
source = "registry.example/control:1"
)";

TEST_F(ConfigureHostContainers, WritesTheEnvironmentAndUserData)
{
    settings(admin);
    ASSERT_TRUE(configure());
    const auto environment = files.read("/etc/host-containers/admin.env").value_or("");
    EXPECT_THAT(environment, HasSubstr("CTR_SUPERPOWERED=true\n"));
    EXPECT_THAT(environment, HasSubstr("CTR_SOURCE=\"registry.example/admin:1\"\n"));
    EXPECT_THAT(environment, HasSubstr("CTR_COMMAND=\"[]\"\n"));
    EXPECT_THAT(environment, HasSubstr("# CTR_ENABLED=true\n"));
    EXPECT_EQ(files.read("/local/host-containers/admin/user-data").value_or(""), "hello");
    EXPECT_EQ(files.mode("/local/host-containers/admin"), 0700U);
}

TEST_F(ConfigureHostContainers, TightensAFolderThatWasLeftOpen)
{
    files.put_directory("/local/host-containers/admin", 0777);
    settings(admin);
    ASSERT_TRUE(configure());
    EXPECT_EQ(files.mode("/local/host-containers/admin"), 0700U);
}

TEST_F(ConfigureHostContainers, StopsCleansUpAndStartsAgain)
{
    settings(admin);
    ASSERT_TRUE(configure());
    EXPECT_THAT(
        processes.command_lines(),
        ElementsAre("systemctl show --property=ActiveState,Job host-containers@admin.service",
                    "systemctl stop host-containers@admin.service",
                    "systemctl is-active --quiet host-containerd.service",
                    "/usr/bin/host-ctr clean-up --container-id admin",
                    "systemctl start --no-block host-containers@admin.service"));
}

TEST_F(ConfigureHostContainers, StopsWhatIsNotEnabled)
{
    settings("[host-containers.admin]\nsource = \"a\"\n");
    ASSERT_TRUE(configure());
    EXPECT_THAT(processes.command_lines(),
                Contains("systemctl stop host-containers@admin.service"));
    EXPECT_THAT(processes.command_lines(), Not(Contains(HasSubstr("systemctl start"))));
}

TEST_F(ConfigureHostContainers, DuringBootOnlyTheStartIsAskedFor)
{
    now("systemctl show", io::Outcome{.output = "ActiveState=inactive\nJob=\n"});
    settings(admin);
    ASSERT_TRUE(configure());
    EXPECT_THAT(
        processes.command_lines(),
        ElementsAre("systemctl show --property=ActiveState,Job host-containers@admin.service",
                    "systemctl start --no-block host-containers@admin.service"));
}

TEST_F(ConfigureHostContainers, AStartThatStillWaitsIsTakenBackFirst)
{
    now("systemctl show", io::Outcome{.output = "ActiveState=inactive\nJob=123\n"});
    settings(admin);
    ASSERT_TRUE(configure());
    EXPECT_THAT(processes.command_lines(),
                Contains("systemctl stop host-containers@admin.service"));
}

TEST_F(ConfigureHostContainers, AStopThatFailsIsNoError)
{
    now("systemctl stop", io::Outcome{.exit_status = 5});
    settings(admin);
    EXPECT_TRUE(configure());
}

TEST_F(ConfigureHostContainers, OnlyTheChangedContainerIsTouched)
{
    settings(two);
    ASSERT_TRUE(configure("settings.host-containers.control.source"));
    EXPECT_THAT(processes.command_lines(), Not(Contains(HasSubstr("admin"))));
    EXPECT_THAT(processes.command_lines(), Contains(HasSubstr("control")));
}

TEST_F(ConfigureHostContainers, AnotherSettingConcernsAll)
{
    settings(two);
    ASSERT_TRUE(configure("settings.host-containers.control.source settings.network.https-proxy"));
    EXPECT_THAT(processes.command_lines(), Contains(HasSubstr("admin")));
    EXPECT_THAT(processes.command_lines(), Contains(HasSubstr("control")));
}

TEST_F(ConfigureHostContainers, OneThatFailsDoesNotStopTheOthers)
{
    settings("[host-containers.broken]\nenabled = true\n" + std::string(two));
    const auto result = configure();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message(), "Failed to manage 1 of 3 host containers");
    EXPECT_THAT(processes.command_lines(),
                Contains("systemctl stop host-containers@control.service"));
}

TEST_F(ConfigureHostContainers, AContainerCannotMakeItselfStay)
{
    files.put("/local/host-containers/admin/user-data.new/in/the/way", "");
    settings(admin);
    EXPECT_FALSE(configure());
    settings("[host-containers.admin]\nsource = \"a\"\nuser-data = \"aGVsbG8=\"\n");
    EXPECT_TRUE(configure());
    EXPECT_THAT(processes.command_lines(),
                Contains("systemctl stop host-containers@admin.service").Times(2));
    EXPECT_THAT(processes.command_lines(), Not(Contains(HasSubstr("systemctl start"))));
}

TEST_F(ConfigureHostContainers, AFullDiskDoesNotKeepAContainerRunning)
{
    settings(admin);
    files.limit_space(files.space_used());
    EXPECT_FALSE(configure());
    EXPECT_THAT(processes.command_lines(),
                Contains("systemctl stop host-containers@admin.service"));
}

TEST_F(ConfigureHostContainers, AFailedCleanUpCounts)
{
    now("/usr/bin/host-ctr", io::Outcome{.exit_status = 1});
    settings(two);
    const auto result = configure();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message(), "Failed to manage 2 of 2 host containers");
}

TEST_F(ConfigureHostContainers, ARemovedContainerIsRetired)
{
    settings(admin);
    files.put("/etc/host-containers/gone.env", "CTR_SOURCE=x\n");
    ASSERT_TRUE(configure());
    EXPECT_THAT(processes.command_lines(), Contains("systemctl stop host-containers@gone.service"));
    EXPECT_FALSE(files.exists("/etc/host-containers/gone.env"));
    EXPECT_TRUE(files.exists("/etc/host-containers/admin.env"));
}

TEST_F(ConfigureHostContainers, UserDataStaysWhenItsSettingIsGone)
{
    files.put("/local/host-containers/control/user-data", "kept");
    settings(two);
    ASSERT_TRUE(configure());
    EXPECT_EQ(files.read("/local/host-containers/control/user-data").value_or(""), "kept");
}

TEST_F(ConfigureHostContainers, NoHostContainersIsNoError)
{
    settings("");
    EXPECT_TRUE(configure());
    EXPECT_THAT(processes.command_lines(), IsEmpty());
}

TEST_F(ConfigureHostContainers, APowerCutLeavesOldOrNewUserData)
{
    bool finished = false;
    for (int step = 0; !finished && step < 100; ++step) {
        SCOPED_TRACE(step);
        files = io::FakeFiles({{"/local/host-containers/admin/user-data", "old"}});
        settings(admin);
        files.cut_power_after(step);
        finished = configure().has_value();
        files.restart(io::Unflushed::names_kept);
        const auto found = files.read("/local/host-containers/admin/user-data");
        ASSERT_TRUE(found.has_value());
        EXPECT_THAT(*found, ::testing::AnyOf("old", "hello"));
    }
    EXPECT_TRUE(finished);
}

TEST(HostContainerSetting, RefusesWhatItCannotUse)
{
    const Json bad[] = {Json{},
                        Json::object(),
                        {{"source", 1}},
                        {{"source", ""}},
                        {{"source", "a b"}},
                        {{"source", "a\nCTR_SUPERPOWERED=true"}},
                        {{"source", "a"}, {"enabled", "yes"}},
                        {{"source", "a"}, {"superpowered", 1}},
                        {{"source", "a"}, {"user-data", "%"}},
                        {{"source", "a"}, {"command", "sh"}},
                        {{"source", "a"}, {"command", {1}}}};
    for (const auto& table : bad) {
        EXPECT_FALSE(parse_setting(table).has_value()) << table;
    }
}

TEST(EnvironmentFile, KeepsForeignTextInItsLine)
{
    HostContainerSetting setting;
    setting.source = "a";
    setting.command = {"sh", "-c", "echo \"$HOME\" `id` \\ \nCTR_SUPERPOWERED=true"};
    EXPECT_THAT(environment_file(setting),
                HasSubstr("CTR_COMMAND=\"[\\\"sh\\\",\\\"-c\\\",\\\"echo \\\\\\\"\\$HOME\\\\\\\" "
                          "\\`id\\` \\\\\\\\ \\\\nCTR_SUPERPOWERED=true\\\"]\"\n"));
}

TEST(ConcernedContainers, AreReadFromTheChangedNames)
{
    EXPECT_TRUE(Concerned::parse("").contains("any"));
    EXPECT_TRUE(Concerned::parse("settings.container-registry.mirrors").contains("any"));
    const auto one = Concerned::parse("settings.host-containers.a.enabled");
    EXPECT_TRUE(one.contains("a"));
    EXPECT_FALSE(one.contains("b"));
    EXPECT_TRUE(Concerned::parse("settings.host-containers.\"a\".enabled").contains("a"));
    EXPECT_FALSE(Concerned::parse("settings.host-containers.\"a\".enabled").contains("b"));
}

} // namespace
} // namespace holdfast::containers
