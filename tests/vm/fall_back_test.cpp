// A set that does not do its job is left for the other one.

#include "test_machine.hpp"

#include <format>

#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

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

/// On the kind of disk that real machines have; its partitions have other names.
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
