// What lasts over a restart and what does not.

#include "boot_state.hpp"
#include "machine/web_server.hpp"
#include "test_machine.hpp"

#include <filesystem>
#include <format>

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

/// A disk as its owner prepares it: one partition with label and type, and a file system that holds
/// what is in a folder.
Result<void> make_data_disk(TestMachine& machine, const std::filesystem::path& file,
                            const std::filesystem::path& content)
{
    constexpr auto commands =
        "set -e; truncate --size=256M \"$0\"\n"
        "sgdisk --new=1:2048:+128M --typecode=1:626f7474-6c65-6474-6861-726d61726b73 "
        "--change-name=1:HOLDFAST-DATA \"$0\"\n"
        "mkfs.ext4 -q -d \"$1\" -E offset=1048576 \"$0\" 128M";
    TRY(io::run_checked(machine.processes(),
                        {.arguments = {"bash", "-c", commands, file.native(), content.native()}}));
    return {};
}

/// An image that production variants don't have: that of metal-dev's control container.
const std::filesystem::path container_archive = checkout / "out/metal-dev/work/control.tar";

/// Runs a container of that archive, which lies on the data disk, until it has called `server`.
std::string user_data_with_a_caller(const machine::WebServer& server)
{
    return std::format(
        "[settings.host-containers.caller]\n"
        "enabled = true\n"
        "superpowered = false\n"
        "source = \"file:///local/images/control.tar\"\n"
        "command = [\"/bin/busybox\", \"sh\", \"-c\", \"until busybox wget -O /dev/null "
        "{}/called; do busybox sleep 1; done; exec busybox sleep 99999\"]\n",
        server.url_for_guest());
}

/// Whether more than the server's own test went over the wire, in the time that a boot may take.
bool comes_to_be_called(TestMachine& machine, machine::WebServer& server, std::uint64_t before)
{
    const auto deadline = machine.clock().monotonic_now() + boot_limit;
    while (machine.clock().monotonic_now() < deadline) {
        const auto bytes = server.wire_bytes();
        EXPECT_TRUE(succeeds(bytes));
        if (!bytes || *bytes > before) {
            return bytes.has_value();
        }
        machine.clock().sleep(500ms);
    }
    return false;
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

/// With a container whose image lies there: an air-gapped machine's way, and what shows on the
/// production form, under lockdown and without a shell, that containers run.
TEST(Restart, KeepsDataOnASecondDiskGrowsItThereAndNeverReplacesIt)
{
    TestMachine machine(this_test());
    const auto content = machine.directory() / "data";
    std::filesystem::create_directories(content / "images");
    std::filesystem::create_directories(machine.directory() / "server/files");
    std::filesystem::copy_file(container_archive, content / "images/control.tar");
    io::PosixFiles files;
    ASSERT_TRUE(succeeds(io::replace_file(files, machine.directory() / "server/files/called", "")));
    auto server = machine::WebServer::start(machine.directory() / "server/files",
                                            machine.directory() / "server");
    ASSERT_TRUE(succeeds(server));
    ASSERT_TRUE(succeeds(machine.give_user_data(user_data_with_a_caller(*server))));
    const auto data_file = machine.directory() / "data.img";
    ASSERT_TRUE(succeeds(make_data_disk(machine, data_file, content)));
    machine.options.disks.push_back({.file = data_file});
    for (int boot = 0; boot < 2; ++boot) {
        SCOPED_TRACE(boot);
        const auto before = server->wire_bytes();
        ASSERT_TRUE(succeeds(before));
        ASSERT_TRUE(succeeds(machine.boot()));
        EXPECT_TRUE(comes_to_be_called(machine, *server, *before)) << "the container runs";
        ASSERT_TRUE(succeeds(machine.console().wait_for("Finished grow-local-fs", boot_limit)));
        ASSERT_TRUE(succeeds(machine.power_down()));
        EXPECT_GT(data_size(data_file), 250U << 20U);
        EXPECT_EQ(data_size(machine.disk_file()), 0U);
    }

    // Another disk in its place, which somebody else's data may be on.
    const auto foreign_file = machine.directory() / "foreign.img";
    ASSERT_TRUE(succeeds(make_data_disk(machine, foreign_file, content)));
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
