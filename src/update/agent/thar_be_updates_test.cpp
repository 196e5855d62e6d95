#include "update/agent/thar_be_updates.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_file_locks.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_service_manager.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string update(const char* version)
{
    return std::format(R"({{"variant": "metal-dev", "arch": "x86_64", "version": "{}",
        "max_version": "1.1.0", "waves": {{}},
        "images": {{"boot": "b", "root": "r", "hash": "h"}}}})",
                       version);
}

class TharBeUpdatesTest : public ::testing::Test {
protected:
    TharBeUpdatesTest()
    {
        processes.answer("/usr/bin/updog whats --all --json",
                         {0, "[" + update("1.1.0") + "," + update("1.0.0") + "]", ""});
        play_updog("update-image --image 1.1.0", prepared);
        play_updog("update-apply", activated);
        play_updog("update-revert", prepared);
        processes.play("/usr/bin/signpost status", [this](const io::Command&) {
            return Result<io::Outcome>(
                {0,
                 std::format("Set A:   priority=1 tries_left=0 successful=true\nSet B:   {}\n"
                             "Active:  Set A\nNext:    Set {}\n",
                             other_set, other_set.contains("priority=2") ? "B" : "A"),
                 ""});
        });
    }

    /// What updog leaves on the disk.
    void play_updog(const std::string& command, const char* flags, int exit_status = 0)
    {
        processes.play("/usr/bin/updog " + command,
                       [this, flags, exit_status](const io::Command&) -> Result<io::Outcome> {
                           other_set = flags;
                           if (other_set == prepared) {
                               files.put(staged_path, to_text(to_json(staged)));
                           }
                           return io::Outcome{exit_status, "", exit_status == 0 ? "" : "<3>no\n"};
                       });
    }

    int run(const std::vector<std::string>& arguments)
    {
        const auto status =
            run_thar_be_updates(arguments, {files, clock, processes, locks, manager, result});
        EXPECT_TRUE(status.has_value()) << status.error().message();
        return status.has_value() ? *status : -1;
    }
    Status status()
    {
        const auto text = files.read(status_path);
        return text.has_value() ? parse_status(*text).value_or(Status()) : Status();
    }
    std::string message() { return status().last_command->stderr_text; }

    io::FakeFiles files{{"/etc/os-release", "VARIANT_ID=metal-dev\nVERSION_ID=\"1.0.0\"\n"},
                        {"/etc/thar-be-updates.toml", "version-lock = \"latest\"\n"},
                        {"/run/lock/x", ""},
                        {"/run/cache/x", ""},
                        {"/var/lib/bottlerocket/x", ""}};
    static constexpr auto cleared = "priority=0 tries_left=0 successful=false";
    static constexpr auto prepared = "priority=0 tries_left=1 successful=false";
    static constexpr auto activated = "priority=2 tries_left=1 successful=false";
    static constexpr auto worked = "priority=1 tries_left=0 successful=true";
    static constexpr auto gone_back = "priority=2 tries_left=0 successful=true";
    std::string other_set = cleared;
    StagedUpdate staged{.image = {"x86_64", "1.1.0", "metal-dev"}};
    io::FakeClock clock;
    io::FakeProcesses processes;
    io::FakeFileLocks locks;
    io::FakeServiceManager manager;
    std::optional<std::string> result;
};

TEST_F(TharBeUpdatesTest, LeadsFromACheckToTheFlip)
{
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(status().state, State::available);
    EXPECT_THAT(status().available, ElementsAre("1.1.0", "1.0.0"));
    EXPECT_EQ(status().chosen->version, "1.1.0");
    EXPECT_EQ(status().active->image.version, "1.0.0");

    EXPECT_EQ(run({"prepare"}), 0);
    EXPECT_EQ(status().state, State::staged);
    EXPECT_FALSE(status().staging->next_to_boot);

    EXPECT_EQ(run({"activate"}), 0);
    EXPECT_EQ(status().state, State::ready);
    EXPECT_TRUE(status().staging->next_to_boot);

    EXPECT_EQ(run({"deactivate"}), 0);
    EXPECT_EQ(status().state, State::staged);
    EXPECT_THAT(processes.command_lines(),
                ElementsAre("/usr/bin/updog whats --all --json",
                            "/usr/bin/updog update-image --image 1.1.0", "/usr/bin/signpost status",
                            "/usr/bin/updog update-apply", "/usr/bin/signpost status",
                            "/usr/bin/updog update-revert", "/usr/bin/signpost status"));
    EXPECT_THAT(manager.said, ElementsAre("READY=1", "READY=1", "READY=1", "READY=1"));
}

TEST_F(TharBeUpdatesTest, KeepsWhatIsStagedWhereAPrepareFailsBeforeItTouchesTheSet)
{
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(run({"prepare"}), 0);
    play_updog("update-image --image 1.1.0", prepared, 1); // The network is gone.
    EXPECT_EQ(run({"prepare"}), 1);
    EXPECT_EQ(message(), "no");
    EXPECT_EQ(status().state, State::staged);
    EXPECT_EQ(status().staging->image.version, "1.1.0");
    EXPECT_EQ(run({"activate"}), 0);

    EXPECT_EQ(run({"deactivate"}), 0);
    play_updog("update-image --image 1.1.0", cleared, 1); // And now in the middle of it.
    EXPECT_EQ(run({"prepare"}), 1);
    EXPECT_EQ(status().state, State::available);
    EXPECT_FALSE(status().staging.has_value());
}

TEST_F(TharBeUpdatesTest, GoesBackAndTakesThatBack)
{
    // 1.0.0 was brought as an update of 0.9.0.
    staged = {.image = {"x86_64", "1.0.0", "metal-dev"},
              .before = ImageIdentity{"x86_64", "0.9.0", "metal-dev"}};
    files.put(staged_path, to_text(to_json(staged)));
    other_set = worked;
    play_updog("update-rollback", gone_back);
    play_updog("update-revert", worked);

    EXPECT_EQ(run({"rollback"}), 0);
    EXPECT_EQ(status().state, State::ready);
    EXPECT_FALSE(status().active->next_to_boot);
    EXPECT_EQ(status().active->image.version, "1.0.0");
    EXPECT_TRUE(status().staging->next_to_boot);
    EXPECT_EQ(status().staging->image.version, "0.9.0");
    EXPECT_FALSE(status().last_command.has_value());
    EXPECT_THAT(manager.said, ElementsAre("READY=1"));
    EXPECT_EQ(run({"prepare"}), 65) << "it would overwrite what boots next";

    EXPECT_EQ(run({"deactivate"}), 0);
    EXPECT_EQ(status().state, State::idle);
    EXPECT_TRUE(status().active->next_to_boot);
    EXPECT_FALSE(status().staging.has_value());

    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(run({"rollback"}), 0);
    EXPECT_EQ(run({"deactivate"}), 0);
    EXPECT_EQ(status().state, State::available);
}

TEST_F(TharBeUpdatesTest, SaysWhyItCannotGoBack)
{
    play_updog("update-rollback", cleared, 1);
    EXPECT_EQ(run({"rollback"}), 1);
    EXPECT_THAT(manager.said, ElementsAre("STATUS=no"));
    EXPECT_FALSE(files.exists(status_path));
    const auto held = locks.try_lock(lock_path, io::Locking::shared);
    EXPECT_EQ(run({"rollback"}), 64);
}

TEST_F(TharBeUpdatesTest, KeepsTheStateWhereTheDiskDoesNotTell)
{
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(run({"prepare"}), 0);
    processes.play("/usr/bin/signpost status", [](const io::Command&) -> Result<io::Outcome> {
        return io::Outcome{1, "", "no table"};
    });
    EXPECT_EQ(run({"activate"}), 0);
    EXPECT_EQ(status().state, State::staged);
}

TEST_F(TharBeUpdatesTest, RefusesBeforeItSaysThatItIsReady)
{
    EXPECT_EQ(run({"prepare"}), 65);
    EXPECT_EQ(run({"activate"}), 65);
    EXPECT_EQ(run({"deactivate"}), 65);
    const auto held = locks.try_lock(lock_path, io::Locking::shared);
    EXPECT_EQ(run({"refresh"}), 64);
    EXPECT_THAT(manager.said, IsEmpty());
    EXPECT_THAT(processes.commands(), IsEmpty());
}

TEST_F(TharBeUpdatesTest, IsIdleWhenNothingIsToBeDone)
{
    files.put("/etc/thar-be-updates.toml", "version-lock = \"v1.0.0\"\n");
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(status().state, State::idle);
    EXPECT_FALSE(status().chosen.has_value());
    EXPECT_THAT(status().available, ElementsAre("1.1.0", "1.0.0"));
}

TEST_F(TharBeUpdatesTest, KeepsWhatUpdogComplainedOf)
{
    processes = io::FakeProcesses();
    processes.answer("/usr/bin/updog",
                     {1, "", "<6>Starting\n<3>timestamp.json has expired 2024-01-01T00:00:00Z\n"});
    EXPECT_EQ(run({"refresh"}), 1);
    EXPECT_EQ(message(), "timestamp.json has expired 2024-01-01T00:00:00Z");
    EXPECT_EQ(status().last_command->status, CommandStatus::failed);
    EXPECT_EQ(status().last_command->exit_status, 1);
    EXPECT_EQ(status().state, State::idle);
}

TEST_F(TharBeUpdatesTest, BringsNothingThatALockRulesOutByThen)
{
    EXPECT_EQ(run({"refresh"}), 0);
    files.put("/etc/thar-be-updates.toml", "version-lock = \"v1.0.0\"\n");
    EXPECT_EQ(run({"prepare"}), 1);
    EXPECT_THAT(message(), AllOf(HasSubstr("version-lock is 1.0.0"), HasSubstr("1.1.0 was to come")));
    EXPECT_THAT(processes.command_lines(), Not(Contains(HasSubstr("update-image"))));
    EXPECT_EQ(status().state, State::idle);
    EXPECT_FALSE(status().chosen.has_value());

    files.put("/etc/thar-be-updates.toml", "version-lock = \"1.1.0\"\n");
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(run({"prepare"}), 0);
}

TEST_F(TharBeUpdatesTest, TellsOfNonsenseAndOfAMissingProgram)
{
    processes.answer("/usr/bin/updog whats --all --json", {0, "nonsense", ""});
    EXPECT_EQ(run({"refresh"}), 0) << "the first answer is still good";
    EXPECT_EQ(run({"refresh"}), 1);
    EXPECT_THAT(message(), HasSubstr("reading what updog printed"));
    EXPECT_EQ(status().last_command->exit_status, 1);
    processes = io::FakeProcesses();
    EXPECT_EQ(run({"refresh"}), 1);
    EXPECT_THAT(message(), Not(IsEmpty()));
}

TEST_F(TharBeUpdatesTest, TakesTheDownloadsProgressIntoTheStatus)
{
    EXPECT_EQ(run({"refresh"}), 0);
    processes.play("/usr/bin/updog update-image --image 1.1.0",
                   [&](const io::Command&) -> Result<io::Outcome> {
                       files.put(progress_path, to_text(to_json(ProgressReport{7, 10, 70, 3})));
                       return io::Outcome{0, "", ""};
                   });
    EXPECT_EQ(run({"prepare"}), 0);
    EXPECT_EQ(status().progress, (ProgressReport{7, 10, 70, 3}));
    EXPECT_TRUE(files.exists(progress_path));
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_FALSE(files.exists(progress_path)) << "it is not this command's";
}

TEST_F(TharBeUpdatesTest, RecordsACommandThatWasCutOff)
{
    EXPECT_EQ(run({"refresh"}), 0);
    EXPECT_EQ(run({"record-end", "prepare"}), 0);
    EXPECT_EQ(status().last_command->status, CommandStatus::success);

    files.put("/run/cache/thar-be-updates/running", "prepare");
    EXPECT_EQ(run({"record-end", "prepare"}), 0);
    EXPECT_EQ(status().last_command->kind, CommandKind::prepare);
    EXPECT_EQ(message(), "stopped on request");
    EXPECT_EQ(status().state, State::available);

    EXPECT_EQ(run({"prepare"}), 0);
    files.put("/run/cache/thar-be-updates/running", "prepare");
    EXPECT_EQ(run({"record-end", "prepare"}), 0);
    EXPECT_EQ(status().state, State::staged) << "it was stopped before it had begun to fill";

    result = "oom-kill";
    files.put("/run/cache/thar-be-updates/running", "refresh");
    EXPECT_EQ(run({"record-end", "prepare"}), 0) << "that is another's to tell";
    EXPECT_EQ(message(), "stopped on request");
    EXPECT_EQ(run({"record-end", "refresh"}), 0);
    EXPECT_EQ(message(), "ended before it was done: oom-kill");
}

/// A lock that others hold at the first tries.
class BusyLocks final : public io::FileLocks {
public:
    Result<std::unique_ptr<io::FileLock>> try_lock(const std::filesystem::path& path,
                                                   io::Locking locking) override
    {
        if (busy > 0) {
            --busy;
            return fail(Errc::locked, "busy");
        }
        return locks_.try_lock(path, locking);
    }

    int busy = 0;

private:
    io::FakeFileLocks locks_;
};

TEST_F(TharBeUpdatesTest, LosesNoOutcomeToThoseWhoReadTheStatusMeanwhile)
{
    EXPECT_EQ(run({"refresh"}), 0);
    BusyLocks busy_locks;
    const auto record_end = [&] {
        files.put("/run/cache/thar-be-updates/running", "prepare");
        return run_thar_be_updates({"record-end", "prepare"},
                                   {files, clock, processes, busy_locks, manager, "signal"});
    };
    busy_locks.busy = 20;
    EXPECT_EQ(*record_end(), 0);
    EXPECT_EQ(message(), "ended before it was done: signal");
    EXPECT_EQ(clock.slept(), std::chrono::seconds(1));
    busy_locks.busy = 1000;
    EXPECT_THAT(record_end().error().message(), HasSubstr("recording how prepare ended"));
    EXPECT_LT(clock.slept(), std::chrono::seconds(5));
}

TEST_F(TharBeUpdatesTest, ExplainsItself)
{
    EXPECT_EQ(run({}), 2);
    EXPECT_EQ(run({"update"}), 2);
    EXPECT_EQ(run({"refresh", "prepare"}), 2);
    EXPECT_EQ(run({"record-end"}), 2);
    EXPECT_EQ(run({"refresh", "--log-level", "loud"}), 2);
    EXPECT_EQ(run({"--help"}), 0);
}

} // namespace
} // namespace holdfast::update
