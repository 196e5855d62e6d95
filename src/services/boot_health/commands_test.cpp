#include "services/boot_health/commands.hpp"

#include "io/posix/posix_system.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_service_manager.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::boot_health {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// With real programs.
class TryCommand : public ::testing::Test {
protected:
    Try shell(const std::string& script, std::chrono::milliseconds limit = 20s)
    {
        return try_command(processes, {"/bin/sh", "-c", script}, limit);
    }
    io::PosixProcesses processes;
};

TEST_F(TryCommand, IsGoodWithExitStatus0)
{
    const auto tried = shell("echo words; echo more >&2");
    EXPECT_EQ(tried.health, Health::good);
    EXPECT_EQ(tried.reason, "");
}

TEST_F(TryCommand, TellsTheStatusAndTheLastWords)
{
    const auto tried = shell("echo out; echo one >&2; echo two >&2; exit 3");
    EXPECT_EQ(tried.health, Health::not_yet);
    EXPECT_EQ(tried.reason,
              "settings.boot-health.commands: /bin/sh -c echo out; echo one >&2; echo "
              "two >&2; exit 3 exited with status 3: two");
    EXPECT_THAT(shell("echo out; exit 1").reason, HasSubstr("status 1: out"));
    EXPECT_THAT(shell("exit 1").reason, ::testing::EndsWith("exited with status 1"));
}

TEST_F(TryCommand, ShowsBoundedPrintableText)
{
    const auto tried = shell("printf '\\033[1m\\377'; printf '%01000d' 7; exit 1");
    EXPECT_THAT(tried.reason, HasSubstr("status 1: ?[1m?0000"));
    EXPECT_LT(tried.reason.size(), 600U);
}

TEST_F(TryCommand, EndsWithItsLimit)
{
    const auto tried = shell("exec sleep 60", 100ms);
    EXPECT_EQ(tried.health, Health::not_yet);
    EXPECT_THAT(tried.reason, HasSubstr("did not end within 1s"));
}

TEST_F(TryCommand, OfAProgramThatDoesNotExistIsHopeless)
{
    const auto tried = try_command(processes, {"/no/such/program", "a"}, 1s);
    EXPECT_EQ(tried.health, Health::bad);
    EXPECT_THAT(tried.reason, AllOf(HasSubstr("settings.boot-health.commands: /no/such/program a"),
                                    HasSubstr("cannot be started"), HasSubstr("No such file")));
    EXPECT_EQ(try_command(processes, {"/etc/passwd"}, 1s).health, Health::bad);
}

class RunCommands : public ::testing::Test {
protected:
    Result<void> run() { return run_commands(rules, processes, clock, manager); }

    Rules rules{.units = {}, .commands = {{"/one", "a"}, {"/two"}}, .time_limit = 20s};
    io::FakeProcesses processes;
    io::FakeClock clock;
    io::FakeServiceManager manager;
};

TEST_F(RunCommands, TriesEachUntilItSucceeds)
{
    processes.answer("/one a", {.exit_status = 1, .errors = "not yet"});
    processes.answer("/one a", {.exit_status = 1, .errors = "not yet"});
    processes.answer("/one a", {});
    processes.answer("/two", {});
    EXPECT_TRUE(run().has_value());
    EXPECT_THAT(processes.command_lines(), ElementsAre("/one a", "/one a", "/one a", "/two"));
    EXPECT_EQ(clock.slept(), 2s);
    EXPECT_THAT(manager.said,
                ElementsAre("STATUS=settings.boot-health.commands: /one a exited with "
                            "status 1: not yet",
                            "STATUS="));
}

TEST_F(RunCommands, EndsWithTheLimitOfTheRules)
{
    processes.answer("/one a", {});
    processes.answer("/two", {.exit_status = 1, .output = "no"});
    const auto ran = run();
    ASSERT_FALSE(ran.has_value());
    EXPECT_EQ(ran.error().code(), Errc::timeout);
    EXPECT_EQ(ran.error().message(), "after 20 seconds settings.boot-health.commands: /two exited "
                                     "with status 1: no");
    EXPECT_EQ(clock.slept(), 20s);
}

TEST_F(RunCommands, GivesATryNoMoreTimeThanIsLeft)
{
    rules.time_limit = 70s;
    processes.play("/one", [this](const io::Command& command) -> Result<io::Outcome> {
        clock.advance(command.time_limit);
        return fail(Errc::timeout, "slow");
    });
    ASSERT_FALSE(run().has_value());
    std::vector<std::chrono::milliseconds> limits;
    for (const auto& command : processes.commands()) {
        limits.push_back(command.time_limit);
    }
    EXPECT_THAT(limits, ElementsAre(30s, 30s, 8s)); // And a second between two.
}

TEST_F(RunCommands, DoesNotWaitForAProgramThatDoesNotExist)
{
    const auto ran = run();
    ASSERT_FALSE(ran.has_value());
    EXPECT_EQ(ran.error().code(), Errc::conflict);
    EXPECT_EQ(clock.slept(), 0s);
    EXPECT_THAT(manager.said, ElementsAre(HasSubstr("/one a cannot be started")));
}

TEST_F(RunCommands, HasNothingToDoWithoutAny)
{
    rules.commands.clear();
    EXPECT_TRUE(run().has_value());
    EXPECT_THAT(processes.command_lines(), ElementsAre());
}

} // namespace
} // namespace holdfast::boot_health
