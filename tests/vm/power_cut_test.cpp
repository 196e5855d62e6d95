// The plug is pulled at random moments. Seeded: HOLDFAST_SEED repeats a run.

#include "test_machine.hpp"

#include <format>

#include <cstdlib>
#include <random>
#include <thread>

namespace holdfast::vm {
namespace {

std::uint64_t seed()
{
    const char* wish = std::getenv("HOLDFAST_SEED");
    return wish != nullptr ? std::strtoull(wish, nullptr, 10) : std::random_device{}();
}

/// The disk loses what the guest did not flush, where QEMU can do that (machine/disk.hpp).
void lose_unflushed(TestMachine& machine)
{
    machine.options.disks.front().power_loss = machine::PowerLoss::loses_unflushed;
}

/// Machines × cuts: what one boot goes through before it is left alone.
class FirstBootPowerCut : public ::testing::TestWithParam<int> {};

TEST_P(FirstBootPowerCut, LeavesAMachineThatBoots)
{
    constexpr int cuts = 4;
    const auto chosen = seed() + static_cast<std::uint64_t>(GetParam());
    SCOPED_TRACE(std::format("HOLDFAST_SEED={}", chosen - static_cast<std::uint64_t>(GetParam())));
    std::mt19937_64 random(chosen);
    TestMachine machine("FirstBootPowerCut." + std::to_string(GetParam()));
    lose_unflushed(machine);
    machine.options.cpus = 1 + GetParam() % 2;
    ASSERT_TRUE(succeeds(machine.give_user_data("[settings]\nmotd = \"from the CD\"\n")));
    for (int cut = 0; cut < cuts; ++cut) {
        ASSERT_TRUE(succeeds(machine.start()));
        // Firmware needs the first seconds, and writes nothing of ours.
        ASSERT_TRUE(succeeds(machine.console().wait_for("starting set", boot_limit)));
        machine.clock().sleep(std::chrono::milliseconds{random() % 20'000});
        ASSERT_TRUE(succeeds(machine.cut_power()));
    }
    ASSERT_TRUE(succeeds(machine.boot()));
    const auto settings = machine.get("/settings?keys=settings.motd");
    ASSERT_TRUE(succeeds(settings));
    EXPECT_EQ(settings->value("motd", ""), "from the CD") << "user data is applied in the end";
}

INSTANTIATE_TEST_SUITE_P(Machines, FirstBootPowerCut, ::testing::Values(0, 1, 2));

TEST(CommitPowerCut, LeavesOldOrNewSettings)
{
    constexpr int cuts = 4; // On each of two variants.
    const auto chosen = seed();
    SCOPED_TRACE(std::format("HOLDFAST_SEED={}", chosen));
    std::mt19937_64 random(chosen);
    TestMachine machine(this_test());
    lose_unflushed(machine);
    ASSERT_TRUE(succeeds(machine.boot()));
    ASSERT_TRUE(succeeds(machine.set({{"motd", "0"}})));
    int possible_from = 0; // Everything before was overwritten by a commit that was acknowledged.
    for (int cut = 1; cut <= cuts; ++cut) {
        bool acknowledged = false;
        {
            const std::jthread caller([&machine, &acknowledged, cut] {
                acknowledged = machine.set({{"motd", std::to_string(cut)}}).has_value();
            });
            machine.clock().sleep(std::chrono::milliseconds{random() % 400});
            ASSERT_TRUE(succeeds(machine.cut_power()));
        }
        ASSERT_TRUE(succeeds(machine.boot())) << "cut " << cut;
        const auto settings = machine.get("/settings?keys=settings.motd");
        ASSERT_TRUE(succeeds(settings));
        const auto found = std::atoi(settings->value("motd", "-1").c_str());
        EXPECT_LE(found, cut);
        EXPECT_GE(found, acknowledged ? cut : possible_from) << "cut " << cut;
        possible_from = found;
    }
}

/// What the disk loses, without a machine: qemu-io aborts like a QEMU that is killed.
TEST(PowerLoss, TakesWhatWasNotFlushedAndNothingElse)
{
    TestMachine machine(this_test());
    auto& processes = machine.processes();
    const auto run = [&processes](std::vector<std::string> arguments) {
        return processes.run({.arguments = std::move(arguments), .input = {}, .environment = {}});
    };
    machine.options.disks.front().power_loss = machine::PowerLoss::loses_unflushed;
    ASSERT_TRUE(succeeds(run({"truncate", "-s", "4M", machine.disk_file().native()})));
    const machine::StateFiles state(machine.directory());
    ASSERT_TRUE(
        succeeds(machine::prepare_disks(machine.files(), processes, machine.options, state)));
    const auto overlay = machine::disk_file(machine.options, 0, state);
    const auto died = run({"qemu-io", "-f", "qcow2", "-t", "writeback", "-c", "write -P 65 0 64k",
                           "-c", "flush", "-c", "write -P 66 1M 64k", "-c", "abort",
                           overlay.native()});
    ASSERT_TRUE(succeeds(died));
    EXPECT_NE(died->exit_status, 0);
    ASSERT_TRUE(
        succeeds(machine::settle_disks(machine.files(), processes, machine.options, state)));
    const auto left = machine.files().read(machine.disk_file());
    ASSERT_TRUE(succeeds(left));
    EXPECT_EQ((*left)[0], 'A') << "flushed";
    EXPECT_EQ((*left)[1U << 20U], '\0') << "not flushed";
    EXPECT_FALSE(machine.files().exists(overlay));
}

} // namespace
} // namespace holdfast::vm
