#include "services/boot_health/boot_health.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_service_manager.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::boot_health {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

class FakeStream final : public io::Stream {
public:
    explicit FakeStream(std::string reply) : reply_(std::move(reply)) {}
    Result<std::string> read_some(std::chrono::milliseconds) override { return reply_; }
    Result<void> write_all(std::string_view, std::chrono::milliseconds) override { return {}; }
    Result<void> wait_until_taken(std::chrono::milliseconds) override { return {}; }

private:
    std::string reply_;
};

/// An API that answers with `reply`, or that nobody hears while it is empty.
class FakeSockets final : public io::Sockets {
public:
    std::string reply = "HTTP/1.1 200 OK\r\n\r\n{}";

    Result<std::unique_ptr<io::Stream>> connect_local(const std::filesystem::path& path) override
    {
        if (path != "/run/api.sock" || reply.empty()) {
            return fail(Errc::not_found, "nobody listens");
        }
        return std::make_unique<FakeStream>(reply);
    }
    Result<std::uint16_t> free_loopback_port() override { return std::uint16_t{1}; }
};

io::Outcome printed(const std::string& text)
{
    return {.exit_status = 0, .output = text, .errors = ""};
}

std::string block(const std::string& name, const std::string& active)
{
    return "Id=" + name + "\nLoadState=loaded\nActiveState=" + active + "\n";
}

const std::string trial = "OS disk: /dev/vda\n"
                          "Set A:   boot=/dev/vda3 priority=2 tries_left=0 successful=false\n"
                          "Set B:   boot=/dev/vda6 priority=1 tries_left=0 successful=true\n"
                          "Active:  Set A\nNext:    Set B\n";
const std::string proven = "Set A:   priority=1 tries_left=0 successful=true\nActive:  Set A\n";

struct Machine {
    io::FakeFiles files{
        {"/usr/share/holdfast/boot-health.json",
         R"({"units": ["multi-user.target", "apiserver.service"], "time-limit-seconds": 30})"},
        {"/run/holdfast/boot.env", "HOLDFAST_SET=a\n"}};
    io::FakeClock clock;
    io::FakeProcesses processes;
    FakeSockets sockets;
    io::FakeServiceManager manager;
    World world{files, clock, processes, sockets, manager};

    Machine()
    {
        files.put_directory("/.bottlerocket");
        files.put("/dev/kmsg", "");
        units_are("active", "active");
        processes.answer("/usr/bin/signpost mark-successful-boot", {});
        processes.answer("/usr/bin/signpost status", printed(trial));
        processes.answer("/usr/bin/systemctl reboot", {});
    }
    void units_are(const std::string& target, const std::string& api)
    {
        processes.play("/usr/bin/systemctl show", [=](const io::Command&) -> Result<io::Outcome> {
            return printed(block("multi-user.target", target) + "\n" +
                           block("apiserver.service", api));
        });
    }
    std::string reason() { return files.read("/.bottlerocket/boot-failure.json").value_or(std::string()); }
};

constexpr auto reboot_line = "/usr/bin/systemctl reboot --no-block";
constexpr auto mark_line = "/usr/bin/signpost mark-successful-boot";

TEST(BootHealth, OfAGoodBootIsMarked)
{
    Machine machine;
    EXPECT_EQ(*run({"check"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(), Contains(mark_line));
    EXPECT_EQ(*machine.files.read("/run/holdfast/boot-judged"), "successful\n");
    EXPECT_EQ(machine.clock.slept().count(), 0);
}

TEST(BootHealth, WaitsForUnitsAndTheApi)
{
    Machine machine;
    int looks = 0;
    machine.processes.play("/usr/bin/systemctl show", [&](const io::Command&) -> Result<io::Outcome> {
        ++looks;
        machine.sockets.reply = looks < 4 ? "" : "HTTP/1.1 200 OK\r\n";
        return printed(block("multi-user.target", "active") + "\n" +
                       block("apiserver.service", looks < 3 ? "activating" : "active"));
    });
    EXPECT_EQ(*run({"check"}, machine.world), 0);
    EXPECT_EQ(looks, 4);
    EXPECT_THAT(machine.processes.command_lines(), Contains(mark_line));
}

TEST(BootHealth, RebootsASetOnTrialAtOnceWhenAUnitFailed)
{
    Machine machine;
    machine.units_are("active", "failed");
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.processes.command_lines(), Contains(reboot_line));
    EXPECT_THAT(machine.processes.command_lines(), Not(Contains(mark_line)));
    EXPECT_EQ(machine.clock.slept().count(), 0);
    EXPECT_THAT(machine.reason(), HasSubstr("apiserver.service failed"));
    EXPECT_THAT(*machine.files.read("/dev/kmsg"), HasSubstr("apiserver.service failed; rebooting"));
}

TEST(BootHealth, RebootsASetOnTrialWhenTheLimitHasPassed)
{
    Machine machine;
    machine.units_are("activating", "active");
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.processes.command_lines(), Contains(reboot_line));
    EXPECT_THAT(machine.reason(), HasSubstr("after 30 seconds multi-user.target is activating"));
    EXPECT_GE(machine.clock.slept(), std::chrono::seconds(30));
    EXPECT_LE(machine.clock.slept(), std::chrono::seconds(31));
}

TEST(BootHealth, MayWaitForLongerThanABootMayTakeOtherwise)
{
    constexpr auto stop_line = "/usr/bin/systemctl stop boot-deadline.timer";
    Machine usual;
    EXPECT_EQ(*run({"check"}, usual.world), 0);
    EXPECT_THAT(usual.processes.command_lines(), Not(Contains(stop_line)));
    Machine patient;
    patient.files.put("/etc/boot-health.json", R"({"units": [], "time-limit-seconds": 900})");
    patient.processes.answer("/usr/bin/systemctl stop", {});
    patient.units_are("activating", "active");
    EXPECT_EQ(*run({"check"}, patient.world), 1);
    EXPECT_THAT(patient.processes.command_lines(), Contains(stop_line));
    EXPECT_GE(patient.clock.slept(), std::chrono::seconds(900));
    EXPECT_TRUE(patient.files.exists("/run/holdfast/boot-judged")) << "by nobody else again";
}

TEST(BootHealth, RebootsWhenTheApiRefuses)
{
    Machine machine;
    machine.sockets.reply = "HTTP/1.1 500 Internal Server Error\r\n";
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.reason(), HasSubstr("GET /os"));
}

TEST(BootHealth, LeavesAProvenSetUpWhileItsApiAnswers)
{
    Machine machine;
    machine.processes = io::FakeProcesses();
    machine.processes.answer("/usr/bin/signpost status", printed(proven));
    machine.units_are("active", "failed");
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.processes.command_lines(), Not(Contains(StartsWith("/usr/bin/systemctl reboot"))));
    EXPECT_EQ(*machine.files.read("/run/holdfast/boot-judged"), "failed\n");
}

TEST(BootHealth, RebootsAProvenSetThatNobodyCanReachAfterAMinute)
{
    Machine machine;
    machine.processes = io::FakeProcesses();
    machine.processes.answer("/usr/bin/signpost status", printed(proven));
    machine.processes.answer("/usr/bin/systemctl reboot", {});
    machine.sockets.reply.clear();
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_EQ(machine.clock.slept(), std::chrono::minutes(1));
    EXPECT_THAT(machine.processes.command_lines(), Contains(reboot_line));
}

constexpr auto fall_back_line = "/usr/bin/signpost fall-back-to-inactive";

/// A set that has worked before, whose API server has ended with a status.
struct ProvenMachine : Machine {
    explicit ProvenMachine(const std::string& exit_status)
    {
        processes = io::FakeProcesses();
        processes.answer("/usr/bin/signpost status", printed(proven));
        processes.answer("/usr/bin/systemctl reboot", {});
        processes.answer("/usr/bin/systemctl show", printed(block("apiserver.service", "failed") +
                                                            "ExecMainStatus=" + exit_status + "\n"));
        sockets.reply.clear();
    }
};

TEST(BootHealth, GivesWayToTheOtherSetWhereTheSettingsCannotBeUsed)
{
    ProvenMachine machine("78");
    machine.processes.answer(fall_back_line, {});
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(), IsSupersetOf({fall_back_line, reboot_line}));
    EXPECT_EQ(machine.clock.slept().count(), 0);
    EXPECT_THAT(*machine.files.read("/dev/kmsg"), HasSubstr("going back to the other set"));
}

TEST(BootHealth, TriesASetAgainThatHasNoOtherToGiveWayTo)
{
    // As it is for the second of two sets that fail: they do not send each other a machine.
    ProvenMachine machine("78");
    machine.processes.answer(fall_back_line, io::Outcome{1, "", "Set B has not worked either"});
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(), IsSupersetOf({fall_back_line, reboot_line}));
    EXPECT_EQ(machine.clock.slept(), std::chrono::minutes(1));
}

TEST(BootHealth, GivesAProvenSetUpForNothingElse)
{
    ProvenMachine crashed("1");
    EXPECT_EQ(*run({"failed"}, crashed.world), 0);
    EXPECT_THAT(crashed.processes.command_lines(), Not(Contains(fall_back_line)));
    EXPECT_EQ(crashed.clock.slept(), std::chrono::minutes(1));
    ProvenMachine reachable("78");
    reachable.sockets.reply = "HTTP/1.1 200 OK\r\n";
    EXPECT_EQ(*run({"failed"}, reachable.world), 0);
    EXPECT_THAT(reachable.processes.command_lines(), Not(Contains(fall_back_line)));
}

TEST(BootHealth, KeepsTheReasonWhereADraftDidNotFit)
{
    Machine machine;
    machine.units_are("active", "failed");
    machine.files.limit_space(machine.files.space_used() + 500);
    EXPECT_FALSE(io::replace_file(machine.files, "/.bottlerocket/store", std::string(4000, 'x')));
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.reason(), HasSubstr("apiserver.service failed"));
}

TEST(BootHealth, KeepsTheReasonInTheRoomOfAnOlderOne)
{
    Machine machine;
    machine.units_are("active", "failed");
    machine.files.put("/.bottlerocket/boot-failure.json", std::string(500, ' '));
    machine.files.limit_space(machine.files.space_used());
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.reason(), HasSubstr("apiserver.service failed"));
}

TEST(BootHealth, SaysWhichStageFailedAndWhatItSaid)
{
    Machine machine;
    machine.processes = io::FakeProcesses();
    machine.processes.answer("/usr/bin/signpost status", printed(trial));
    machine.processes.answer("/usr/bin/systemctl reboot", {});
    machine.processes.answer("/usr/bin/systemctl list-units",
                             printed("apiserver.service loaded failed failed API server\n"));
    machine.processes.answer("/usr/bin/systemctl show",
                             printed(block("apiserver.service", "failed") +
                                     "StatusText=settings cannot be brought to this version\n"));
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_THAT(machine.reason(),
                HasSubstr("apiserver.service failed: settings cannot be brought to this version"));
}

TEST(BootHealth, RebootsWhenNobodyKnowsWhetherTheSetIsProven)
{
    Machine machine;
    machine.processes = io::FakeProcesses();
    machine.processes.answer("/usr/bin/systemctl reboot", {});
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(), Contains(reboot_line));
}

TEST(BootHealth, ForcesTheRebootThatSystemdRefuses)
{
    Machine machine;
    machine.processes = io::FakeProcesses();
    machine.processes.answer(reboot_line, io::Outcome{.exit_status = 1, .output = "", .errors = "no"});
    machine.processes.answer("/usr/bin/systemctl reboot --force --force", {});
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(),
                Contains("/usr/bin/systemctl reboot --force --force"));
}

TEST(BootHealth, GoesOnToTheRebootWhenTheReasonCannotBeKept)
{
    Machine machine;
    machine.files.cut_power_after(0);
    EXPECT_EQ(*run({"failed"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(), Contains(reboot_line));
}

TEST(BootHealth, HoldsTheSettingsBesideTheImagesRules)
{
    Machine machine;
    machine.files.put("/etc/boot-health.json",
                      R"({"units": ["mine.service"], "time-limit-seconds": 5})");
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.reason(), HasSubstr("mine.service"));
}

constexpr auto with_commands =
    R"({"units": [], "commands": [["/bin/a", "b c"]], "time-limit-seconds": 5})";

/// Their unit is `active` and says this; both units of the image are well.
void commands_are(Machine& machine, const std::string& active, const std::string& status)
{
    machine.processes.answer("/usr/bin/systemctl start", {});
    machine.processes.play("/usr/bin/systemctl show", [=](const io::Command&) -> Result<io::Outcome> {
        return printed(block("multi-user.target", "active") + "\n" +
                       block("apiserver.service", "active") + "\n" +
                       block("boot-health-commands.service", active) + "StatusText=" + status + "\n");
    });
}

TEST(BootHealth, StartsTheCommandsOfTheSettingsAndWaitsForThem)
{
    Machine machine;
    machine.files.put("/etc/boot-health.json", with_commands);
    commands_are(machine, "active", "");
    EXPECT_EQ(*run({"check"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(),
                Contains("/usr/bin/systemctl start --no-block boot-health-commands.service"));
    EXPECT_THAT(machine.processes.command_lines(), Contains(mark_line));
}

TEST(BootHealth, StartsNoUnitWhereThereAreNoCommands)
{
    Machine machine;
    machine.files.put("/etc/boot-health.json", R"({"units": [], "commands": []})");
    EXPECT_EQ(*run({"check"}, machine.world), 0);
    EXPECT_THAT(machine.processes.command_lines(),
                Not(Contains(StartsWith("/usr/bin/systemctl start"))));
}

TEST(BootHealth, KeepsWhyACommandFailed)
{
    for (const auto* state : {"activating", "failed"}) {
        Machine machine;
        machine.files.put("/etc/boot-health.json", with_commands);
        commands_are(machine, state, "/bin/a b c exited with status 1: no");
        EXPECT_EQ(*run({"check"}, machine.world), 1);
        EXPECT_THAT(machine.reason(), HasSubstr("/bin/a b c exited with status 1: no"));
        EXPECT_THAT(machine.processes.command_lines(), Contains(reboot_line));
    }
}

TEST(BootHealth, TriesToStartTheCommandsUntilTheTimeIsUp)
{
    Machine machine;
    machine.files.put("/etc/boot-health.json", with_commands);
    machine.processes.answer("/usr/bin/systemctl start", {1, "", "timed out"});
    machine.processes.play("/usr/bin/systemctl show", [](const io::Command&) -> Result<io::Outcome> {
        return printed(block("multi-user.target", "active") + "\n" +
                       block("apiserver.service", "active") + "\n" +
                       block("boot-health-commands.service", "inactive"));
    });
    EXPECT_EQ(*run({"check"}, machine.world), 1);
    EXPECT_THAT(machine.reason(), HasSubstr("boot-health-commands.service is inactive"));
    EXPECT_GT(std::ranges::count(machine.processes.command_lines(),
                                 "/usr/bin/systemctl start --no-block boot-health-commands.service"),
              1);
}

TEST(BootHealth, RunsTheCommandsOfTheSettings)
{
    Machine machine;
    machine.files.put("/etc/boot-health.json", with_commands);
    machine.processes.answer("/bin/a b c", {});
    EXPECT_EQ(*run({"commands"}, machine.world), 0);
    EXPECT_EQ(machine.processes.commands().front().arguments,
              (std::vector<std::string>{"/bin/a", "b c"}));
}

TEST(BootHealth, JudgesByTheImagesRulesWhereTheSettingsAreDamaged)
{
    Machine machine;
    machine.files.put("/etc/boot-health.json", "{");
    EXPECT_EQ(*run({"check"}, machine.world), 0);
}

TEST(Rules, OfTheSettingsComeOnTop)
{
    const auto rules = *parse_rules(R"({"units": ["a.service"], "time-limit-seconds": 30})");
    const auto more = with_settings(rules, R"({"units": ["b.service"]})");
    ASSERT_TRUE(more.has_value());
    EXPECT_THAT(more->units, ::testing::ElementsAre("a.service", "b.service"));
    EXPECT_EQ(more->time_limit, std::chrono::seconds(30));
    EXPECT_EQ(with_settings(rules, R"({"units": [], "time-limit-seconds": 90})")->time_limit,
              std::chrono::seconds(90));
    EXPECT_FALSE(with_settings(rules, R"({"units": ["--all"]})").has_value());
    EXPECT_EQ(with_settings(rules, R"({"units": [], "commands": [["/a", ""], ["/b"]]})")->commands,
              (std::vector<HealthCommand>{{"/a", ""}, {"/b"}}));
}

TEST(Rules, MustNameUnits)
{
    EXPECT_TRUE(parse_rules(R"({"units": ["a.service"]})").has_value());
    for (const auto* text : {"", "[]", "{}", R"({"units": []})", R"({"units": [1]})",
                             R"({"units": ["--all"]})",
                             R"({"units": ["a"], "commands": {}})",
                             R"({"units": ["a"], "commands": ["/a"]})",
                             R"({"units": ["a"], "commands": [[]]})",
                             R"({"units": ["a"], "commands": [["a"]]})",
                             R"({"units": ["a"], "commands": [["/a", 1]]})",
                             R"({"units": ["a"], "time-limit-seconds": -1})",
                             R"({"units": ["a"], "time-limit-seconds": 4000})",
                             R"({"units": ["a"], "time-limit-seconds": 4294967306})"}) {
        EXPECT_FALSE(parse_rules(text).has_value()) << text;
    }
}

TEST(Units, ThatAreUnknownAreBad)
{
    EXPECT_EQ(judge_units({"a"}, {}).health, Health::bad);
    EXPECT_EQ(judge_units({"a"}, parse_units("Id=a\nLoadState=not-found\nActiveState=inactive\n")).health,
              Health::bad);
    EXPECT_EQ(judge_units({"link"}, parse_units("Id=a\nNames=a link\nLoadState=loaded\n"
                                                "ActiveState=active\n"))
                  .health,
              Health::good);
    EXPECT_EQ(judge_units({"a"}, parse_units("Id=a\nLoadState=loaded\nActiveState=active\n")).health,
              Health::good);
}

TEST(SignpostStatus, TellsOfTheActiveSetOnly)
{
    EXPECT_EQ(active_set_succeeded(trial), false);
    EXPECT_EQ(active_set_succeeded(proven), true);
    EXPECT_EQ(active_set_succeeded(""), std::nullopt);
    EXPECT_EQ(active_set_succeeded("Set A: successful=true\n"), std::nullopt);
    EXPECT_EQ(active_set_succeeded("Set A: x\nActive: Set A\n"), std::nullopt);
}

TEST(Reply, IsASuccessOnlyWithStatus200)
{
    EXPECT_TRUE(is_success_reply("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(is_success_reply("HTTP/1.0 200"));
    for (const auto* reply : {"", "HTTP/1.1 404", "HTTP/1.1 500 200", "HTTP/2 200 OK", "200"}) {
        EXPECT_FALSE(is_success_reply(reply)) << reply;
    }
}

} // namespace
} // namespace holdfast::boot_health
