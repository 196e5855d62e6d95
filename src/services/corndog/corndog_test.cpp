#include "services/corndog/corndog.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::corndog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Machine {
    io::FakeFiles files;
    io::FakeClock clock;
    io::FakeRandom random;
    io::FakeProcesses processes;
    io::System system{files, clock, random, processes, nullptr};

    void wish(const std::string& toml) { files.put("/etc/corndog.toml", toml); }
};

constexpr auto lockdown = "/sys/kernel/security/lockdown";

TEST(Sysctl, IsWrittenAsLinesThatMayFailAndSetByOneProgram)
{
    Machine machine;
    machine.processes.answer("/usr/lib/systemd/systemd-sysctl", {});
    machine.wish("[sysctl]\n\"vm.max_map_count\" = \"262144\"\n\"net.core.rmem_max\" = \"1 2\"\n");
    ASSERT_TRUE(run({"sysctl"}, machine.system).has_value());
    EXPECT_EQ(*machine.files.read("/etc/sysctl.d/95-corndog.conf"),
              "-net.core.rmem_max = 1 2\n-vm.max_map_count = 262144\n");
    EXPECT_THAT(machine.processes.command_lines(),
                ElementsAre("/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/95-corndog.conf"));
}

TEST(Sysctl, WithoutWishesStartsNothingAndLeavesNoFile)
{
    Machine machine;
    machine.files.put("/etc/sysctl.d/95-corndog.conf", "-a = 1\n");
    machine.wish("lockdown = \"none\"\n");
    ASSERT_TRUE(run({"sysctl"}, machine.system).has_value());
    EXPECT_FALSE(machine.files.exists("/etc/sysctl.d/95-corndog.conf"));
    EXPECT_THAT(machine.processes.command_lines(), IsEmpty());
}

TEST(Sysctl, CannotSmuggleALineOrAPattern)
{
    for (const auto* toml : {R"([sysctl])" "\n" R"("a" = "1\n-kernel.x = 2")",
                             R"([sysctl])" "\n" R"("a = 1\nb" = "2")", "[sysctl]\n\"net.*.x\" = \"1\"",
                             "[sysctl]\n\"\" = \"1\"", "[sysctl]\n\"a\" = 1", "sysctl = 3"}) {
        const auto wishes = parse_wishes(toml);
        ASSERT_FALSE(wishes.has_value()) << toml;
        EXPECT_THAT(wishes.error().message(), HasSubstr("settings.kernel.sysctl"));
    }
}

TEST(LockdownLevel, IsRaised)
{
    Machine machine;
    machine.files.put(lockdown, "[none] integrity confidentiality\n");
    machine.wish("lockdown = \"integrity\"\n");
    ASSERT_TRUE(run({"lockdown"}, machine.system).has_value());
    EXPECT_EQ(*machine.files.read(lockdown), "integrity");
}

TEST(LockdownLevel, StaysWhereItIsHigherOrEqualOrNotWished)
{
    const std::string now = "none [integrity] confidentiality\n";
    for (const auto* wish : {"lockdown = \"none\"", "lockdown = \"integrity\"", ""}) {
        Machine machine;
        machine.files.put(lockdown, now);
        machine.wish(wish);
        ASSERT_TRUE(run({"lockdown"}, machine.system).has_value()) << wish;
        EXPECT_EQ(*machine.files.read(lockdown), now) << wish;
    }
}

TEST(LockdownLevel, IsRefusedByItsName)
{
    const auto wishes = parse_wishes("lockdown = \"total\"");
    ASSERT_FALSE(wishes.has_value());
    EXPECT_THAT(wishes.error().message(), HasSubstr("settings.kernel.lockdown"));
    EXPECT_FALSE(parse_current_lockdown("none integrity").has_value());
    EXPECT_FALSE(parse_current_lockdown("[total]").has_value());
}

TEST(Usage, IsMisuseWithoutACommand)
{
    Machine machine;
    EXPECT_EQ(*run({}, machine.system), 2);
    EXPECT_EQ(*run({"sysctl", "x"}, machine.system), 2);
}

} // namespace
} // namespace holdfast::corndog
