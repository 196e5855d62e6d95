#include "services/netdog/facts.hpp"
#include "services/netdog/netdog.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_random.hpp"
#include "settings/types/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::netdog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto routes =
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    "eth1\t00000000\t0202000A\t0003\t0\t0\t1024\t00000000\t0\t0\t0\n"
    "eth0\t00000000\t0202000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "eth2\t0002000A\t00000000\t0001\t0\t0\t1\t00FFFFFF\t0\t0\t0\n";

const std::string zeros(32, '0');
const std::string ipv6_routes =
    zeros + " 00 " + zeros + " 00 fe800000000000000000000000000002 00000400 1 0 00000003 eth6\n" +
    zeros + " 00 " + zeros + " 00 " + zeros + " ffffffff 1 0 00200200 lo\n";

class FakeAddresses final : public io::Addresses {
public:
    std::vector<io::InterfaceAddress> list;
    std::optional<std::string> name;
    Errc failure = Errc::timeout;
    std::chrono::milliseconds wait{0}; ///< What a question takes.
    int questions = 0;

    explicit FakeAddresses(io::FakeClock& clock) : clock_(clock) {}

    Result<std::vector<io::InterfaceAddress>> all() override { return list; }
    Result<std::string> name_of(const std::string&) override
    {
        ++questions;
        clock_.sleep(wait);
        if (name) {
            return *name;
        }
        return fail(failure, "no name");
    }

private:
    io::FakeClock& clock_;
};

struct Machine {
    io::FakeFiles files;
    io::FakeClock clock;
    io::FakeRandom random;
    FakeAddresses network{clock};
    World world{files, clock, random, network};

    Machine()
    {
        files.put_directory("/run");
        files.put_directory("/etc");
        files.put("/proc/sys/kernel/hostname", "(none)");
        files.put("/proc/sys/net/ipv4/conf/eth0/rp_filter", "0");
    }
    void connect()
    {
        files.put("/proc/net/route", routes);
        files.put("/run/systemd/netif/state", "# private\nOPER_STATE=routable\nDNS=10.0.2.3 fe80::2%2 "
                                              "192.0.2.1\nDOMAINS=example.com\n");
        network.list = {{"lo", "127.0.0.1", false, true},
                       {"eth0", "fec0::1", true, false},
                       {"eth0", "10.0.2.15", false, false},
                       {"eth1", "10.0.2.16", false, false}};
    }
    std::string read(const char* path) { return files.read(path).value_or(std::string("(none)")); }
};

TEST(DefaultInterface, HasTheLowestMetric)
{
    EXPECT_EQ(default_interface(routes, ""), "eth0");
}

TEST(DefaultInterface, IsIpv6sWhereThereIsNoOther)
{
    EXPECT_EQ(default_interface("", ipv6_routes), "eth6");
    EXPECT_EQ(default_interface(routes, ipv6_routes), "eth0");
}

TEST(DefaultInterface, IsNoneWithoutADefaultRoute)
{
    EXPECT_EQ(default_interface("", ""), std::nullopt);
    EXPECT_EQ(default_interface("eth2\t0002000A\t0\t1\t0\t0\t1\t00FFFFFF\t0\t0\t0\n",
                                zeros + " 00 " + zeros + " 00 " + zeros + " ffffffff 1 0 0 lo\n"),
              std::nullopt);
    EXPECT_EQ(default_interface("eth0\t00000000\n\n\t\t\n", "x"), std::nullopt);
}

TEST(Address, IsIpv4BeforeIpv6AndReachable)
{
    const std::vector<io::InterfaceAddress> all = {{"eth0", "169.254.1.1", false, true},
                                                   {"eth0", "2001:db8::1", true, false},
                                                   {"eth1", "10.0.0.1", false, false}};
    EXPECT_EQ(address_on(all, "eth0"), "2001:db8::1");
    EXPECT_EQ(address_on(all, "eth1"), "10.0.0.1");
    EXPECT_EQ(address_on(all, "eth2"), std::nullopt);
}

TEST(ResolvConf, TakesEachListFromTheSettingsBeforeTheLeases)
{
    const Resolving leases{{"10.0.2.3"}, {"lan"}};
    EXPECT_EQ(resolv_conf({}, leases), "nameserver 10.0.2.3\nsearch lan\n");
    EXPECT_EQ(resolv_conf({{"192.0.2.1"}, {}}, leases), "nameserver 192.0.2.1\nsearch lan\n");
    EXPECT_EQ(resolv_conf({{}, {"a", "b"}}, leases), "nameserver 10.0.2.3\nsearch a b\n");
    EXPECT_EQ(resolv_conf({{"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"}, {}}, {}),
              "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n");
}

TEST(NetworkState, LosesWhatIsNoAddressAndNoName)
{
    const auto found = parse_network_state("DNS=10.0.2.3 x ::1 1.2.3\nDOMAINS=ok.example ;bad a..b\n");
    EXPECT_THAT(found.name_servers, ElementsAre("10.0.2.3", "::1"));
    EXPECT_THAT(found.search, ElementsAre("ok.example"));
}

TEST(DnsSettings, AreCheckedByName)
{
    EXPECT_TRUE(parse_dns_settings("").has_value());
    for (const auto* toml : {"name-servers = [\"x\"]", "name-servers = \"10.0.0.1\"",
                             "search-list = [\"a b\"]", "search-list = [1]"}) {
        const auto wishes = parse_dns_settings(toml);
        ASSERT_FALSE(wishes.has_value()) << toml;
        EXPECT_THAT(wishes.error().message(), HasSubstr("settings.dns."));
    }
}

TEST(HostName, ComesFromDnsInLowerCaseElseFromTheAddress)
{
    EXPECT_EQ(host_name_for("10.0.2.15", "Node-1.Example.COM"), "node-1.example.com");
    EXPECT_EQ(host_name_for("10.0.2.15", std::nullopt), "10.0.2.15");
    EXPECT_EQ(host_name_for("2001:db8::1", std::nullopt), "2001-db8--1");
    for (const auto* bad : {"", "localhost", "a b", "-a", "a-", "a..b", "a\nb"}) {
        EXPECT_EQ(host_name_for("10.0.2.15", bad), "10.0.2.15") << bad;
    }
    EXPECT_EQ(host_name_for("10.0.2.15", std::string(65, 'a')), "10.0.2.15");
}

TEST(Status, SaysAddressInterfaceAndNameServers)
{
    Machine machine;
    machine.connect();
    ASSERT_EQ(*run({"write-primary-interface-status"}, machine.world), 0);
    EXPECT_EQ(machine.read("/run/netdog/current_ip"), "10.0.2.15");
    EXPECT_EQ(machine.read("/run/netdog/primary_interface"), "eth0");
    EXPECT_EQ(machine.read("/run/netdog/resolv.conf"),
              "nameserver 10.0.2.3\nnameserver 192.0.2.1\nsearch example.com\n");
    EXPECT_THAT(machine.read("/etc/sysctl.d/90-primary_interface.conf"),
                HasSubstr("-net/ipv4/conf/eth0/rp_filter = 2\n"));
    EXPECT_EQ(machine.read("/proc/sys/net/ipv4/conf/eth0/rp_filter"), "2");
}

TEST(Status, SetsTheParametersOnce)
{
    Machine machine;
    machine.connect();
    ASSERT_EQ(*run({"write-primary-interface-status"}, machine.world), 0);
    machine.files.put("/proc/sys/net/ipv4/conf/eth0/rp_filter", "1"); // somebody's own choice
    ASSERT_EQ(*run({"write-primary-interface-status"}, machine.world), 0);
    EXPECT_EQ(machine.read("/proc/sys/net/ipv4/conf/eth0/rp_filter"), "1");
}

TEST(Status, WithoutANetworkIsAnEmptyResolvConf)
{
    Machine machine;
    ASSERT_EQ(*run({"write-primary-interface-status"}, machine.world), 0);
    EXPECT_EQ(machine.read("/run/netdog/resolv.conf"), "");
    EXPECT_EQ(machine.read("/run/netdog/current_ip"), "(none)");
}

TEST(Status, TellsOfNewNameServersInTheFileThatContainersHaveMounted)
{
    Machine machine;
    ASSERT_EQ(*run({"write-resolv-conf"}, machine.world), 0);
    const auto mounted = machine.files.held("/run/netdog/resolv.conf");
    machine.connect();
    ASSERT_EQ(*run({"write-resolv-conf"}, machine.world), 0);
    EXPECT_THAT(mounted(), HasSubstr("nameserver 10.0.2.3\n"));
}

TEST(GenerateHostname, PrintsJson)
{
    Machine machine;
    machine.files.put("/run/netdog/current_ip", "10.0.2.15");
    machine.network.name = "Node.example";
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(*run({"generate-hostname"}, machine.world), 0);
    EXPECT_EQ(::testing::internal::GetCapturedStdout(), "\"node.example\"\n");
}

struct Silence {
    Errc failure;
    std::chrono::milliseconds wait;
    int questions;
    std::chrono::milliseconds longest;
};

TEST(GenerateHostname, AsksDnsAgainWhereNobodyAnswersAndFallsBack)
{
    using namespace std::chrono_literals;
    for (const auto& silence : {Silence{Errc::not_found, 0ms, 1, 0ms}, // The answer: no name.
                                Silence{Errc::timeout, 0ms, 4, 200ms},
                                Silence{Errc::timeout, 1s, 2, 3s},
                                Silence{Errc::timeout, 3s, 1, 3s}}) {
        Machine machine;
        machine.network.failure = silence.failure;
        machine.network.wait = silence.wait;
        machine.files.put("/run/netdog/current_ip", "10.0.2.15\n");
        ::testing::internal::CaptureStdout();
        EXPECT_EQ(*run({"generate-hostname"}, machine.world), 0);
        EXPECT_EQ(::testing::internal::GetCapturedStdout(), "\"10.0.2.15\"\n");
        EXPECT_EQ(machine.network.questions, silence.questions);
        EXPECT_LE(machine.clock.slept(), silence.longest);
    }
}

TEST(GenerateHostname, HasNoValueWithoutANetworkAfterABoundedWait)
{
    Machine machine;
    EXPECT_EQ(*run({"generate-hostname"}, machine.world), 2);
    EXPECT_GE(machine.clock.slept(), std::chrono::seconds(15));
    EXPECT_LE(machine.clock.slept(), std::chrono::seconds(16));
}

TEST(SetHostname, WritesTheKernelsOrRefuses)
{
    Machine machine;
    EXPECT_EQ(*run({"set-hostname", "node-1"}, machine.world), 0);
    EXPECT_EQ(machine.read("/proc/sys/kernel/hostname"), "node-1");
    EXPECT_FALSE(run({"set-hostname", "a b"}, machine.world).has_value());
    EXPECT_FALSE(run({"set-hostname", ""}, machine.world).has_value());
    EXPECT_EQ(machine.read("/proc/sys/kernel/hostname"), "node-1");
    EXPECT_EQ(*run({"set-hostname"}, machine.world), 2);
}

/// Whatever the setting takes can be set, or every later run of the applier would fail.
TEST(SetHostname, TakesWhatTheSettingTakes)
{
    Machine machine;
    const auto longest_label = std::string(63, 'a');
    const auto domain = longest_label + "." + std::string(63, 'b') + "." + std::string(63, 'c');
    for (const auto& [name, kept] : std::map<std::string, std::string>{
             {"web-", "web-"}, {"a.b-", "a.b-"}, {domain, longest_label}}) {
        EXPECT_TRUE(settings::LinuxHostname::parse(name).has_value()) << name;
        EXPECT_EQ(*run({"set-hostname", name}, machine.world), 0) << name;
        EXPECT_EQ(machine.read("/proc/sys/kernel/hostname"), kept);
    }
}

} // namespace
} // namespace holdfast::netdog
