// What lasts over a restart and what does not.

#include "test_machine.hpp"

namespace holdfast::vm {
namespace {

TEST(Restart, KeepsSettingsForgetsEtcAndGrowsThePartition)
{
    TestMachine machine(this_test());
    ASSERT_TRUE(succeeds(machine.boot()));
    ASSERT_TRUE(succeeds(machine.set({{"motd", "kept"}})));
    const auto marked = machine.shell("echo x > /etc/marker && cat /etc/marker");
    ASSERT_TRUE(succeeds(marked));
    EXPECT_EQ(marked->output, "x") << "/etc can be written, or the test proves nothing";
    ASSERT_TRUE(succeeds(machine.power_down()));

    constexpr std::uint64_t larger = 5;
    ASSERT_TRUE(succeeds(machine::grow_image(machine.processes(), machine.disk_file(),
                                             larger << 30U)));
    ASSERT_TRUE(succeeds(machine.boot()));
    const auto settings = machine.get("/settings?keys=settings.motd");
    ASSERT_TRUE(succeeds(settings));
    EXPECT_EQ(settings->value("motd", ""), "kept");
    const auto gone = machine.shell("test -e /etc/marker");
    ASSERT_TRUE(succeeds(gone));
    EXPECT_EQ(gone->exit_status, 1);

    // And by its own command.
    ASSERT_TRUE(succeeds(machine.api("POST", "/actions/reboot")));
    ASSERT_TRUE(succeeds(machine.running().wait_for_reset(90s)));
    ASSERT_TRUE(succeeds(machine.wait_for_api()));

    // The disk is filled behind the machine's back, once it does its job.
    const auto grown = machine.shell(
        "until case $(systemctl is-active grow-local-fs.service) in active|failed) true;; "
        "*) false;; esac; do sleep 1; done", 180s);
    ASSERT_TRUE(succeeds(grown));
    ASSERT_TRUE(succeeds(machine.power_down()));
    ASSERT_TRUE(succeeds(machine.edit_disk([](io::BlockDevice& disk) -> Result<void> {
        TRY_ASSIGN(const auto data, machine::find_partition(disk, "HOLDFAST-DATA"));
        EXPECT_GT(data.first_byte + data.size, (larger << 30U) - (8U << 20U))
            << "the partition reaches to the end of the disk";
        return {};
    })));
}

} // namespace
} // namespace holdfast::vm
