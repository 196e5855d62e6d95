// A set that does not do its job is left for the other one.

#include "test_machine.hpp"

#include <format>
#include <vector>

#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr boot::SlotFlags on_trial{.priority = 2, .tries_left = 1, .successful = false};
constexpr boot::SlotFlags spent{.priority = 2, .tries_left = 0, .successful = false};

/// Set B as an update would leave it: a copy of A, to be tried once.
Result<void> put_copy_on_trial(io::BlockDevice& disk)
{
    for (const auto* part : {"BOOT", "ROOT", "HASH"}) {
        TRY(machine::copy_partition(disk, std::format("HOLDFAST-{}-A", part),
                                    std::format("HOLDFAST-{}-B", part)));
    }
    return machine::set_slot_flags(disk, "HOLDFAST-BOOT-B", on_trial);
}

/// Where the superblock of EROFS lies: nothing can be mounted without reading it.
constexpr std::uint64_t superblock = 1024;

TEST(FallBack, FromARootWithOneFlippedBit)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        TRY(put_copy_on_trial(disk));
        return flip_bit(disk, "HOLDFAST-ROOT-B", superblock + 100);
    })));
    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set B", boot_limit)));
    EXPECT_TRUE(succeeds(machine.console().wait_for("verity|corrupt", boot_limit)));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set A", boot_limit)));
    ASSERT_TRUE(succeeds(machine.wait_for_api()));
    const std::string reason = "set B did not mark itself successful: Kernel panic - not syncing: "
                               "dm-verity device corrupted";
    EXPECT_THAT(machine.fall_back_with(reason), HasSubstr(reason));
    ASSERT_TRUE(succeeds(machine.power_down()));
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-B"), spent);
    EXPECT_TRUE(machine.flags_of("HOLDFAST-BOOT-A").successful);
}

TEST(FallBack, HasNowhereToGoButADamagedRootIsNotRunEither)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        return flip_bit(disk, "HOLDFAST-ROOT-A", superblock + 100);
    })));
    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set A", boot_limit)));
    EXPECT_TRUE(succeeds(machine.console().wait_for("data block 0 is corrupted", boot_limit)));
    EXPECT_TRUE(succeeds(machine.running().wait_for_reset(boot_limit)));
    const auto console = machine.console().text();
    ASSERT_TRUE(succeeds(console));
    EXPECT_THAT(*console, Not(HasSubstr("Welcome to Holdfast"))) << "nothing of it may run";
}

TEST(FallBack, FromABootImageThatDoesNotStartWithinTheSameBoot)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        TRY(put_copy_on_trial(disk));
        return flip_bit(disk, "HOLDFAST-BOOT-B", 0);
    })));
    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set B", boot_limit)));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set A", boot_limit)));
    ASSERT_TRUE(succeeds(machine.wait_for_api()));
    const std::string reason = "its boot image did not start: there is no executable image";
    EXPECT_THAT(machine.fall_back_with(reason), HasSubstr(reason));
    ASSERT_TRUE(succeeds(machine.cut_power()));
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-B"), spent);
}

/// The reply of GET /updates/status as soon as it tells of this command.
Json status_after(TestMachine& machine, const std::string& command)
{
    const auto deadline = machine.clock().monotonic_now() + 60s;
    while (machine.clock().monotonic_now() < deadline) {
        auto status = machine.get("/updates/status");
        if (status && (*status)["most_recent_command"].is_object() &&
            (*status)["most_recent_command"]["cmd_type"] == command) {
            return *std::move(status);
        }
        machine.clock().sleep(500ms);
    }
    ADD_FAILURE() << command << " did not end in time";
    return Json::object();
}

/// Through the API alone, as on a variant without a shell.
TEST(FallBack, OnPurposeCanBeTakenBackBeforeTheReboot)
{
    constexpr boot::SlotFlags chosen{.priority = 2, .tries_left = 0, .successful = true};
    constexpr boot::SlotFlags fall_back{.priority = 1, .tries_left = 0, .successful = true};
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk([&](io::BlockDevice& disk) -> Result<void> {
        TRY(put_copy_on_trial(disk));
        TRY(machine::set_slot_flags(disk, "HOLDFAST-BOOT-A", chosen));
        return machine::set_slot_flags(disk, "HOLDFAST-BOOT-B", fall_back);
    })));
    ASSERT_TRUE(succeeds(machine.boot()));
    const auto post = [&](const char* action) {
        const auto answer = machine.api("POST", std::string("/actions/") + action);
        return answer ? std::format("{} {}", answer->status, answer->body)
                      : answer.error().message();
    };
    EXPECT_EQ(post("rollback-update"), "204 ");
    const auto gone_back = machine.get("/updates/status");
    ASSERT_TRUE(succeeds(gone_back));
    EXPECT_EQ((*gone_back)["update_state"], "Ready");
    EXPECT_EQ((*gone_back)["active_partition"]["next_to_boot"], false);
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-B"), chosen);
    EXPECT_THAT(post("prepare-update"), HasSubstr("409"));

    EXPECT_EQ(post("deactivate-update"), "204 ");
    const auto taken_back = status_after(machine, "deactivate");
    EXPECT_EQ(taken_back["most_recent_command"]["cmd_status"], "Success") << to_text(taken_back);
    EXPECT_EQ(taken_back["update_state"], "Idle");
    EXPECT_EQ(taken_back["active_partition"]["next_to_boot"], true);
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-A"), chosen);
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-B"), fall_back) << "something to fall back to";

    // A set that has worked boots for ever; not where it has rotted since.
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) {
        return flip_bit(disk, "HOLDFAST-ROOT-B", 20'000'000);
    })));
    EXPECT_THAT(post("rollback-update"), AllOf(HasSubstr("409"), HasSubstr("Set B is damaged"),
                                               HasSubstr("block 4882 is corrupted")));
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-A"), chosen);
}

/// QEMU's name for what stands between the machine and its first disk.
constexpr const char* disk_path = "/machine/peripheral/drive0/virtio-backend";

/// Bytes that the machine has read from its disk, firmware included.
std::uint64_t bytes_read(TestMachine& machine)
{
    const auto stats = machine.running().control().execute("query-blockstats");
    if (!succeeds(stats)) {
        ADD_FAILURE() << stats.error().message();
        return 0;
    }
    for (const auto& device : *stats) {
        if (device.value("qdev", "") == disk_path) {
            return device.at("stats").at("rd_bytes").get<std::uint64_t>();
        }
    }
    ADD_FAILURE() << "QEMU knows no disk " << disk_path;
    return 0;
}

/// Until the boot image has been loaded: nothing is read for a while then.
void wait_for_kernel(TestMachine& machine)
{
    constexpr std::uint64_t least_boot_image = 8'000'000;
    const auto deadline = machine.clock().monotonic_now() + boot_limit;
    std::uint64_t before = 0;
    for (auto now = bytes_read(machine); now < least_boot_image || now != before;
         now = bytes_read(machine)) {
        ASSERT_LT(machine.clock().monotonic_now(), deadline);
        before = now;
        machine.clock().sleep(300ms);
    }
}

/// 0 for as fast as it can. At one byte a second whoever reads waits for longer than any test.
void limit_disk(TestMachine& machine, int bytes_per_second)
{
    EXPECT_TRUE(succeeds(machine.running().control().execute(
        "block_set_io_throttle",
        {{"id", disk_path}, {"bps", bytes_per_second}, {"bps_rd", 0}, {"bps_wr", 0}, {"iops", 0},
         {"iops_rd", 0}, {"iops_wr", 0}})));
}

TEST(FallBack, FromAnInitrdThatHangs)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk(put_copy_on_trial)));
    ASSERT_TRUE(succeeds(machine.start()));
    ASSERT_TRUE(succeeds(machine.console().wait_for("starting set B", boot_limit)));
    ASSERT_NO_FATAL_FAILURE(wait_for_kernel(machine));
    limit_disk(machine, 1);
    // The disk's driver waits for its first sector; the watchdog runs before it and ends that.
    EXPECT_TRUE(succeeds(machine.running().wait_for_reset(boot_limit)));
    limit_disk(machine, 0);
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set A", boot_limit)));
    ASSERT_TRUE(succeeds(machine.wait_for_api()));
    ASSERT_TRUE(succeeds(machine.power_down()));
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-B"), spent);
}

TEST(FallBack, FromASetThatNeverSucceeded)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk(put_copy_on_trial)));
    ASSERT_TRUE(succeeds(machine.start()));
    ASSERT_TRUE(succeeds(machine.console().wait_for("starting set B", boot_limit)));
    machine.clock().sleep(3s);
    ASSERT_TRUE(succeeds(machine.cut_power()));
    EXPECT_EQ(machine.flags_of("HOLDFAST-BOOT-B"), spent);

    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(machine.console().wait_for("starting set [AB]", boot_limit)));
    const auto log = machine.console().text();
    ASSERT_TRUE(succeeds(log));
    EXPECT_THAT(log->substr(log->rfind("starting set")), HasSubstr("starting set A"));
    ASSERT_TRUE(succeeds(machine.wait_for_api()));
}

/// The firmware finds the boot manager's second copy by itself.
TEST(FallBack, FromAnEfiPartitionThatIsGone)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        const std::vector<std::byte> nothing(1U << 20U);
        return machine::write_bytes(disk, "EFI-SYSTEM", 0, nothing);
    })));
    ASSERT_TRUE(succeeds(machine.boot()));
}

/// On the kinds of disk that real machines have; their partitions have other names. SATA for the production form
/// alone.
TEST(FallBack, IsNotNeededOnASataDisk)
{
    TestMachine machine(this_test());
    machine.options.disks.front().bus = machine::Disk::Bus::sata;
    ASSERT_TRUE(succeeds(machine.boot()));
}

TEST(FallBack, IsNotNeededByASetOnAnNvmeDiskThatDoesItsJob)
{
    TestMachine machine(this_test());
    machine.options.disks.front().bus = machine::Disk::Bus::nvme;
    ASSERT_TRUE(succeeds(machine.make_disk()));
    ASSERT_TRUE(succeeds(machine.edit_disk(put_copy_on_trial)));
    ASSERT_TRUE(succeeds(machine.boot()));
    // Marked behind the API's back, when the whole boot has been judged.
    const auto deadline = machine.clock().monotonic_now() + boot_limit;
    boot::SlotFlags flags;
    while (!flags.successful && machine.clock().monotonic_now() < deadline) {
        machine.clock().sleep(1s);
        flags = machine.flags_of("HOLDFAST-BOOT-B");
    }
    EXPECT_TRUE(flags.successful);
    EXPECT_EQ(flags.priority, 2);
}

} // namespace
} // namespace holdfast::vm
