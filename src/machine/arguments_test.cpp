#include "machine/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::machine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> arguments(const Options& options)
{
    return qemu_arguments(options, StateFiles("/state"));
}

Options with_disk(PowerLoss power_loss = PowerLoss::keeps_writes)
{
    Options options;
    options.disks.push_back({.file = "/images/a,b.img", .power_loss = power_loss});
    return options;
}

TEST(QemuArguments, NeverIgnoreTheGuestsFlushes)
{
    const auto words = arguments(with_disk());
    EXPECT_THAT(words, Contains(HasSubstr("cache.no-flush=off")));
    EXPECT_THAT(words, Not(Contains(HasSubstr("unsafe"))));
}

TEST(QemuArguments, WriteACommaInAPathTwice)
{
    EXPECT_THAT(arguments(with_disk()), Contains(HasSubstr("filename=/images/a,,b.img,")));
}

TEST(QemuArguments, GiveTheOverlayWhereUnflushedWritesAreToBeLost)
{
    const auto words = arguments(with_disk(PowerLoss::loses_unflushed));
    EXPECT_THAT(words, Contains(HasSubstr("filename=/state/disk0.overlay.qcow2")));
    EXPECT_THAT(words, Contains(HasSubstr("driver=qcow2,node-name=disk0")));
    EXPECT_THAT(words, Not(Contains(HasSubstr("a,,b.img"))));
}

TEST(QemuArguments, ListenOnTheLoopbackOnly)
{
    Options options;
    options.forwards.push_back({.host = 40000, .guest = 8443});
    EXPECT_THAT(arguments(options), Contains(HasSubstr("hostfwd=tcp:127.0.0.1:40000-:8443")));
}

TEST(QemuArguments, WireTwoMachinesToEachOther)
{
    Options one;
    one.peer = PeerLink{.own = "/link/a", .other = "/link/b"};
    Options other;
    other.peer = PeerLink{.own = "/link/b", .other = "/link/a"};
    EXPECT_THAT(arguments(one), Contains("dgram,id=net1,local.type=unix,local.path=/link/a,"
                                         "remote.type=unix,remote.path=/link/b"));
    EXPECT_THAT(arguments(other), Contains("dgram,id=net1,local.type=unix,local.path=/link/b,"
                                           "remote.type=unix,remote.path=/link/a"));
    EXPECT_THAT(arguments(one), Contains(HasSubstr("netdev=net1,mac=52:54:00:00:00:02,")));
    EXPECT_THAT(arguments(other), Contains(HasSubstr("netdev=net1,mac=52:54:00:00:00:03,")));
    EXPECT_THAT(arguments(Options{}), Not(Contains(HasSubstr("net1"))));
}

TEST(QemuArguments, ResetTheMachineWhenItsWatchdogBarks)
{
    const auto words = arguments(Options{});
    EXPECT_THAT(words, Contains("i6300esb"));
    EXPECT_THAT(words, Contains("watchdog=reset"));
}

TEST(QemuArguments, ProtectTheVariablesUnderSecureBoot)
{
    Options options;
    EXPECT_THAT(arguments(options), Contains("q35,smm=off"));
    options.firmware.secure_boot = Firmware::SecureBoot::yes;
    EXPECT_THAT(arguments(options), Contains("q35,smm=on"));
    EXPECT_THAT(arguments(options), Contains("driver=cfi.pflash01,property=secure,value=on"));
}

TEST(QemuArguments, UseTheMachinesOwnVariablesNotTheTemplate)
{
    const auto words = arguments(Options{});
    EXPECT_THAT(words, Contains(HasSubstr("file=/state/vars.fd")));
    EXPECT_THAT(words, Not(Contains(HasSubstr("OVMF_VARS"))));
}

TEST(QemuArguments, NameFirmwareConfigByFile)
{
    Options options;
    options.firmware_config["opt/holdfast/user-data"] = "/state/settings.toml";
    EXPECT_THAT(arguments(options),
                Contains("name=opt/holdfast/user-data,file=/state/settings.toml"));
}

} // namespace
} // namespace holdfast::machine
