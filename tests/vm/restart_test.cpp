// What lasts over a restart and what does not.

#include "boot_state.hpp"
#include "machine/web_server.hpp"
#include "test_machine.hpp"

#include <filesystem>
#include <format>
#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

using ::testing::HasSubstr;

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
        const auto motd = machine.shell("cat /etc/motd");
        ASSERT_TRUE(succeeds(motd));
        EXPECT_EQ(motd->output, "kept");
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

/// A disk as its owner prepares it: one partition with label and type.
Result<void> make_blank_disk(TestMachine& machine, const std::filesystem::path& file)
{
    constexpr auto commands =
        "set -e; truncate --size=256M \"$0\"\n"
        "sgdisk --new=1:2048:+128M --typecode=1:626f7474-6c65-6474-6861-726d61726b73 "
        "--change-name=1:HOLDFAST-DATA \"$0\"";
    TRY(io::run_checked(machine.processes(), {.arguments = {"bash", "-c", commands, file.native()}}));
    return {};
}

/// And a file system that holds what is in a folder.
Result<void> make_data_disk(TestMachine& machine, const std::filesystem::path& file,
                            const std::filesystem::path& content)
{
    TRY(make_blank_disk(machine, file));
    TRY(io::run_checked(machine.processes(),
                        {.arguments = {"mkfs.ext4", "-q", "-d", content.native(), "-E",
                                       "offset=1048576", file.native(), "128M"}}));
    return {};
}

/// An image that production variants don't have: that of metal-dev's control container.
const std::filesystem::path container_archive = checkout / "out/metal-dev/work/control.tar";

/// What the container below finds out about the host, and sets as the message of the day.
constexpr std::string_view container_report =
    "root read-only, lockdown none [integrity] confidentiality, oom 0, certificates there";

/// Runs a container of that archive, which lies on the data disk. It tells by the API what it can do to
/// the host, and calls `server` every second until the message of the day tells it to end.
std::string user_data_with_a_caller(const machine::WebServer& server)
{
    return std::format(R"toml(
[settings.host-containers.caller]
enabled = true
superpowered = true
source = "file:///local/images/control.tar"
command = ["/bin/busybox", "sh", "-c", """
host=/.bottlerocket/rootfs
root=read-only
busybox touch $host/usr/marker && root=writable
lockdown=$(busybox cat $host/sys/kernel/security/lockdown)
oom=$(busybox cat /proc/self/oom_score_adj)
busybox grep -q "BEGIN CERTIFICATE" /.bottlerocket/certs/ca-bundle.crt && certificates=there
report="root $root, lockdown $lockdown, oom $oom, certificates $certificates"
until apiclient set "motd=$report"; do busybox sleep 1; done
until apiclient get settings.motd | busybox grep end-now; do
  busybox wget -O /dev/null {}/called
  busybox sleep 1
done
"""]
)toml",
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

std::string value_of(TestMachine& machine, const std::string& path)
{
    const auto answer = machine.get(path);
    EXPECT_TRUE(succeeds(answer));
    return answer ? to_text(*answer) : "";
}

/// Asks until the answer has this in it; the last answer.
std::string comes_to_tell(TestMachine& machine, const std::string& path, std::string_view part)
{
    const auto deadline = machine.clock().monotonic_now() + boot_limit;
    auto told = value_of(machine, path);
    while (!told.contains(part) && machine.clock().monotonic_now() < deadline) {
        machine.clock().sleep(1s);
        told = value_of(machine, path);
    }
    return told;
}

/// Whether nobody calls any more: for several times as long as there was between two calls.
bool comes_to_be_left_alone(TestMachine& machine, machine::WebServer& server)
{
    const auto deadline = machine.clock().monotonic_now() + boot_limit;
    while (machine.clock().monotonic_now() < deadline) {
        const auto before = server.wire_bytes();
        machine.clock().sleep(8s);
        const auto after = server.wire_bytes();
        if (before && after && *before == *after) {
            return true;
        }
    }
    return false;
}

/// Where there is no shell, the container itself tells that it was started again, and by its silence
/// that it was stopped.
void expect_restart_and_stop(TestMachine& machine, machine::WebServer& server)
{
    const std::string motd = "/settings?keys=settings.motd";
    ASSERT_TRUE(succeeds(machine.set({{"motd", "end-now"}})));
    EXPECT_THAT(comes_to_tell(machine, motd, container_report), HasSubstr(container_report));
    ASSERT_TRUE(succeeds(
        machine.set({{"host-containers", {{"caller", {{"enabled", false}}}}}})));
    EXPECT_TRUE(comes_to_be_left_alone(machine, server));
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
    ASSERT_TRUE(succeeds(io::replace_file(files, content / "user-data-overrides.toml",
                                          "[settings.network]\nhostname = \"of-the-data-disk\"\n")));
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
        EXPECT_THAT(value_of(machine, "/settings?keys=settings.motd"), HasSubstr(container_report));
        EXPECT_THAT(value_of(machine, "/settings?keys=settings.network.hostname"),
                    HasSubstr("of-the-data-disk"));
        EXPECT_THAT(value_of(machine, "/settings/provenance?keys=settings.network.hostname"),
                    HasSubstr("99-local-overrides"));
        if (boot == 1) {
            expect_restart_and_stop(machine, *server);
        }
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

TEST(Restart, FormatsABlankPartitionOnASecondDisk)
{
    TestMachine machine(this_test());
    const auto data_file = machine.directory() / "data.img";
    ASSERT_TRUE(succeeds(make_blank_disk(machine, data_file)));
    machine.options.disks.push_back({.file = data_file});
    ASSERT_TRUE(succeeds(machine.boot()));
    ASSERT_TRUE(succeeds(machine.set({{"motd", "on two disks"}})));
    ASSERT_TRUE(succeeds(machine.power_down()));
    EXPECT_EQ(data_size(machine.disk_file()), 0U);
}

} // namespace
} // namespace holdfast::vm
