// What lasts over a restart and what does not.

#include "boot_state.hpp"
#include "test_machine.hpp"

namespace holdfast::vm {
namespace {

/// Bytes that the ext4 file system on DATA has, by its superblock (kernel documentation,
/// filesystems/ext4/super.rst): block count at 4, logarithm of the block size at 24.
Result<std::uint64_t> data_file_system_size(io::BlockDevice& disk)
{
    TRY_ASSIGN(const auto bytes, machine::read_bytes(disk, "HOLDFAST-DATA", 1024, 1024));
    const auto number = [&bytes](std::size_t at) {
        std::uint64_t value = 0;
        for (std::size_t i = 4; i-- > 0;) {
            value = value << 8U | std::to_integer<std::uint64_t>(bytes[at + i]);
        }
        return value;
    };
    return number(4) << (10 + number(24));
}

std::string machine_id_of(TestMachine& machine)
{
    const auto id = machine.shell("cat /etc/machine-id");
    EXPECT_TRUE(succeeds(id));
    EXPECT_TRUE(id && id->output.size() == 32);
    return id ? id->output : "";
}

TEST(Restart, KeepsSettingsForgetsEtcAndFillsALargerDisk)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.boot()));
    ASSERT_TRUE(succeeds(machine.set({{"motd", "kept"}})));
    std::string machine_id;
    if (has_root_console()) {
        const auto marked = machine.shell("echo x > /etc/marker && cat /etc/marker");
        ASSERT_TRUE(succeeds(marked));
        EXPECT_EQ(marked->output, "x") << "/etc can be written, or the test proves nothing";
        machine_id = machine_id_of(machine);
    }
    ASSERT_TRUE(succeeds(machine.power_down()));

    constexpr std::uint64_t larger = 5;
    ASSERT_TRUE(succeeds(machine::grow_image(machine.processes(), machine.disk_file(),
                                             larger << 30U)));
    ASSERT_TRUE(succeeds(machine.boot()));
    const auto settings = machine.get("/settings?keys=settings.motd");
    ASSERT_TRUE(succeeds(settings));
    EXPECT_EQ(settings->value("motd", ""), "kept");
    if (has_root_console()) {
        const auto gone = machine.shell("test -e /etc/marker");
        ASSERT_TRUE(succeeds(gone));
        EXPECT_EQ(gone->exit_status, 1);
        EXPECT_EQ(machine_id_of(machine), machine_id);
        expect_boot_state(machine);
    }

    // And by its own command.
    ASSERT_TRUE(succeeds(machine.api("POST", "/actions/reboot")));
    ASSERT_TRUE(succeeds(machine.running().wait_for_reset(boot_limit)));
    ASSERT_TRUE(succeeds(machine.wait_for_api()));

    // The disk is filled behind the machine's back, once it does its job.
    ASSERT_TRUE(succeeds(machine.console().wait_for("Finished grow-local-fs", boot_limit)));
    ASSERT_TRUE(succeeds(machine.power_down()));
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        TRY_ASSIGN(const auto data, machine::find_partition(disk, "HOLDFAST-DATA"));
        EXPECT_GT(data.first_byte + data.size, (larger << 30U) - (8U << 20U))
            << "the partition reaches to the end of the disk";
        TRY_ASSIGN(const auto size, data_file_system_size(disk));
        EXPECT_GT(size, data.size - (8U << 20U)) << "and so does its file system";
        return {};
    })));
}

/// A disk as its owner prepares it: one partition with label and type, and an empty file system.
Result<void> make_data_disk(TestMachine& machine, const std::filesystem::path& file)
{
    constexpr auto commands =
        "set -e; truncate --size=256M \"$0\"\n"
        "sgdisk --new=1:2048:+128M --typecode=1:626f7474-6c65-6474-6861-726d61726b73 "
        "--change-name=1:HOLDFAST-DATA \"$0\"\n"
        "mkfs.ext4 -q -E offset=1048576 \"$0\" 128M";
    TRY(io::run_checked(machine.processes(),
                        {.arguments = {"bash", "-c", commands, file.native()}}));
    return {};
}

/// The bytes of the data partition on a disk of a machine that is off; 0 where there is none.
std::uint64_t data_size(const std::filesystem::path& file)
{
    const auto disk = io::PosixBlockDevice::open(file, io::PosixBlockDevice::Access::read_only);
    EXPECT_TRUE(succeeds(disk));
    const auto data = disk ? machine::find_partition(**disk, "HOLDFAST-DATA")
                           : Result<machine::DiskPartition>(machine::DiskPartition{});
    return data ? data->size : 0;
}

TEST(Restart, KeepsDataOnASecondDiskGrowsItThereAndNeverReplacesIt)
{
    TestMachine machine(this_test());
    const auto data_file = machine.directory() / "data.img";
    ASSERT_TRUE(succeeds(make_data_disk(machine, data_file)));
    machine.options.disks.push_back({.file = data_file});
    for (int boot = 0; boot < 2; ++boot) {
        SCOPED_TRACE(boot);
        ASSERT_TRUE(succeeds(machine.boot()));
        ASSERT_TRUE(succeeds(machine.console().wait_for("Finished grow-local-fs", boot_limit)));
        ASSERT_TRUE(succeeds(machine.power_down()));
        EXPECT_GT(data_size(data_file), 250U << 20U);
        EXPECT_EQ(data_size(machine.disk_file()), 0U);
    }

    // Another disk in its place, which somebody else's data may be on.
    const auto foreign_file = machine.directory() / "foreign.img";
    ASSERT_TRUE(succeeds(make_data_disk(machine, foreign_file)));
    const auto size_before = data_size(foreign_file);
    machine.options.disks.back().file = foreign_file;
    ASSERT_TRUE(succeeds(machine.start()));
    EXPECT_TRUE(succeeds(
        machine.console().wait_for("the data partition of this machine is missing", boot_limit)));
    EXPECT_TRUE(succeeds(machine.console().wait_for("boot failed: .*; rebooting", boot_limit)))
        << "a boot without its data has failed, and boot-failed.service can tell";
    EXPECT_TRUE(succeeds(machine.running().wait_for_reset(boot_limit)));
    ASSERT_TRUE(succeeds(machine.cut_power()));
    EXPECT_EQ(data_size(machine.disk_file()), 0U);
    EXPECT_EQ(data_size(foreign_file), size_before) << "the other disk is left alone";
    EXPECT_FALSE(machine.console().text()->contains("Mounted local.mount"));
}

} // namespace
} // namespace holdfast::vm
