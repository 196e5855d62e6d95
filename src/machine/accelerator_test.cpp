#include "machine/accelerator.hpp"

#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "machine/probe_boot_sector.hpp"

#include <gtest/gtest.h>

namespace holdfast::machine {
namespace {

constexpr auto version_command = "qemu-system-x86_64 --version";
constexpr auto probe_command = "qemu-system-x86_64 -accel kvm";

/// A machine with a /dev/kvm and a QEMU whose probe gives `status`.
struct AcceleratorTest : ::testing::Test {
    io::FakeFiles files{{"/dev/kvm", ""}, {"/proc/sys/kernel/osrelease", "6.12.0\n"}};
    io::FakeProcesses processes;

    AcceleratorTest() { install_qemu("10.0.1"); }

    void install_qemu(const std::string& version)
    {
        processes.play(version_command, [version](const io::Command&) -> Result<io::Outcome> {
            return io::Outcome{.exit_status = 0,
                               .output = "QEMU emulator version " + version + "\nCopyright",
                               .errors = {}};
        });
    }
    void probe_gives(int status)
    {
        processes.answer(probe_command,
                         io::Outcome{.exit_status = status, .output = {}, .errors = {}});
    }
    Accelerator choose(const std::optional<std::string>& wish = std::nullopt)
    {
        auto chosen = choose_accelerator(files, processes, wish, "/cache");
        EXPECT_TRUE(chosen.has_value()) << (chosen ? "" : chosen.error().message());
        return chosen ? *chosen : Accelerator::kvm;
    }
    int probes() const
    {
        int count = 0;
        for (const auto& line : processes.command_lines()) {
            count += line.starts_with(probe_command) ? 1 : 0;
        }
        return count;
    }
};

TEST_F(AcceleratorTest, TakesKvmOnlyWhenTheProbeRanToItsEnd)
{
    probe_gives(probe_answer);
    EXPECT_EQ(choose(), Accelerator::kvm);
}

TEST_F(AcceleratorTest, TakesTheTranslatorWhenQemuAborts)
{
    probe_gives(134);
    EXPECT_EQ(choose(), Accelerator::tcg);
}

TEST_F(AcceleratorTest, TakesTheTranslatorWhenTheProbeHangs)
{
    processes.answer(probe_command, Error(Errc::timeout, "did not end"));
    EXPECT_EQ(choose(), Accelerator::tcg);
}

TEST_F(AcceleratorTest, AsksAgainWhereTheDeviceCouldNotBeOpened)
{
    processes.answer(probe_command,
                     io::Outcome{1, "", "qemu-system-x86_64: -accel kvm: Could not access KVM "
                                        "kernel module: Permission denied\n"});
    EXPECT_EQ(choose(), Accelerator::tcg);
    EXPECT_EQ(choose(), Accelerator::tcg);
    EXPECT_EQ(probes(), 2);
}

TEST_F(AcceleratorTest, TakesTheTranslatorWithoutTheDevice)
{
    ASSERT_TRUE(files.remove("/dev/kvm"));
    EXPECT_EQ(choose(), Accelerator::tcg);
    EXPECT_EQ(probes(), 0);
}

TEST_F(AcceleratorTest, RemembersTheAnswerUntilQemuChanges)
{
    probe_gives(134);
    choose();
    EXPECT_EQ(choose(), Accelerator::tcg);
    EXPECT_EQ(probes(), 1);

    install_qemu("10.1.0");
    choose();
    EXPECT_EQ(probes(), 2);
}

TEST_F(AcceleratorTest, RemembersTheAnswerUntilTheKernelChanges)
{
    probe_gives(134);
    choose();
    files.put("/proc/sys/kernel/osrelease", "6.13.0\n");
    choose();
    EXPECT_EQ(probes(), 2);
}

TEST_F(AcceleratorTest, AWishWinsUnasked)
{
    probe_gives(134);
    EXPECT_EQ(choose("kvm"), Accelerator::kvm);
    EXPECT_EQ(choose("tcg"), Accelerator::tcg);
    EXPECT_TRUE(processes.commands().empty());
}

TEST_F(AcceleratorTest, RefusesAnUnknownWish)
{
    const auto chosen = choose_accelerator(files, processes, "fast", "/cache");
    ASSERT_FALSE(chosen.has_value());
    EXPECT_EQ(chosen.error().code(), Errc::invalid);
}

TEST(ProbeBootSector, IsABootSectorForBios)
{
    const auto sector = probe_boot_sector();
    ASSERT_EQ(sector.size(), 512U);
    EXPECT_EQ(sector.substr(510), "\x55\xaa");
}

} // namespace
} // namespace holdfast::machine
