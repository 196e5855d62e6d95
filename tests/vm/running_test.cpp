// One machine, booted once with user data, and all that can be asked of it while it runs.

#include "base/text.hpp"
#include "boot_state.hpp"
#include "link_end.hpp"
#include "test_machine.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <map>
#include <memory>

namespace holdfast::vm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RunningMachine : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        machine_ = std::make_unique<TestMachine>("RunningMachine");
        machine_->host_containers = true;
        machine_->options.cpus = 2;
        machine_->options.peer = {.own = machine_->directory() / "link",
                                  .other = machine_->directory() / "link-of-peer"};
        io::PosixSockets sockets;
        auto port = sockets.free_loopback_port();
        ASSERT_TRUE(succeeds(port));
        second_port_ = *port;
        machine_->options.forwards.push_back({.host = second_port_, .guest = second_api_port});
        ASSERT_TRUE(succeeds(machine_->give_user_data("[settings]\n"
                                                      "motd = \"from the CD\"\n"
                                                      "motdd = \"a slip\"\n"
                                                      "[settings.kernel]\n"
                                                      "lockdown = \"perhaps\"\n")));
        ASSERT_TRUE(succeeds(machine_->boot()));
        booted_ = true;
    }
    static void TearDownTestSuite() { machine_.reset(); }
    void SetUp() override { ASSERT_TRUE(booted_) << "the machine did not boot"; }

    static std::string motd()
    {
        const auto settings = machine_->get("/settings?keys=settings.motd");
        EXPECT_TRUE(succeeds(settings));
        return settings ? settings->value("motd", "") : "";
    }
    /// The output of a shell command that has to succeed.
    static std::string output(const std::string& command)
    {
        const auto answer = machine_->shell(command);
        EXPECT_TRUE(succeeds(answer));
        EXPECT_TRUE(!answer || answer->exit_status == 0) << command << ": " << answer->output;
        return answer ? answer->output : "";
    }
    /// The file as soon as it holds `text`, or what it holds after a while: services are restarted
    /// behind the API's back.
    static std::string file_with(const std::string& path, const std::string& text)
    {
        std::string content;
        for (int attempt = 0; attempt < 240; ++attempt) {
            content = output("cat " + path);
            if (content.find(text) != std::string::npos) {
                break;
            }
            machine_->clock().sleep(500ms);
        }
        return content;
    }

    /// Where there is no shell, the applier's own report has to do.
    static void expect_file(const std::string& path, const std::string& text)
    {
        EXPECT_TRUE(succeeds(machine_->wait_for_apply())) << path;
        if (has_root_console()) {
            EXPECT_THAT(file_with(path, text), HasSubstr(text));
        }
    }

    /// Waits for as long as a change may take until the API at this port of ours answers, or not.
    static bool comes_to_answer(std::uint16_t port, bool wanted)
    {
        for (int attempt = 0; attempt < 120 && answers(port) != wanted; ++attempt) {
            machine_->clock().sleep(500ms);
        }
        return answers(port);
    }
    static machine::RemoteApi api_at(std::uint16_t port)
    {
        auto access = machine_->api_access().access();
        access.port = port;
        return machine::RemoteApi(access);
    }
    static bool answers(std::uint16_t port)
    {
        return api_at(port).request("GET", "/os").has_value();
    }

    static constexpr std::uint16_t second_api_port = 8444; ///< Inside; nobody listens at first.
    static std::uint16_t second_port_;                     ///< Leads there.
    static std::unique_ptr<TestMachine> machine_;
    static bool booted_;
};

std::uint16_t RunningMachine::second_port_ = 0;
std::unique_ptr<TestMachine> RunningMachine::machine_;
bool RunningMachine::booted_ = false;

TEST_F(RunningMachine, TellsItsVersion)
{
    const auto os = machine_->get("/os");
    ASSERT_TRUE(succeeds(os));
    EXPECT_EQ(os->value("arch", ""), "x86_64");
    EXPECT_THAT(os->value("pretty_name", ""), HasSubstr("Holdfast"));
    EXPECT_EQ(os->value("variant_id", ""), variant_under_test());
    EXPECT_NE(os->value("version_id", ""), "");
    EXPECT_EQ(os->value("build_id", "").size(), 8U);
}

/// Before other tests change some of it.
TEST_F(RunningMachine, ByItsConsoleIsMountedAndTunedAsSpecified)
{
    expect_boot_state(*machine_);
}

TEST_F(RunningMachine, HasAppliedItsUserData)
{
    EXPECT_EQ(motd(), "from the CD");
    expect_file("/etc/motd", "from the CD");
}

TEST_F(RunningMachine, HasToldOfEachBadKeyOfItsUserData)
{
    const auto report = machine_->get("/reports/user-data");
    ASSERT_TRUE(succeeds(report));
    const auto& providers = (*report)["providers"];
    const auto found = std::ranges::find_if(
        providers, [](const Json& provider) { return provider["name"] == "30-cd-rom"; });
    ASSERT_NE(found, providers.end()) << to_text(*report);
    EXPECT_EQ((*found)["status"], "partly-applied");
    ASSERT_EQ((*found)["problems"].size(), 2U) << to_text(*found);
    EXPECT_EQ((*found)["problems"][0]["key"], "settings.kernel.lockdown");
    EXPECT_EQ((*found)["problems"][1]["key"], "settings.motdd");

    const auto console = machine_->console().text();
    ASSERT_TRUE(succeeds(console));
    EXPECT_THAT(machine::plain_text(*console),
                AllOf(HasSubstr("holdfast: user data 30-cd-rom, line 3: settings.motdd: unknown "
                                "setting (did you mean motd?)"),
                      HasSubstr("holdfast: user data 30-cd-rom, line 5: settings.kernel.lockdown: "
                                "expected one of none, integrity, confidentiality")));
}

/// Two machines have one wire; here the test is the second one.
/// It would stop what lies on a device that it has forgotten: settings, data, and all that needs them.
TEST_F(RunningMachine, ByItsConsoleLosesNothingWhenSystemdReadsItsUnitsAgain)
{
    const auto active_units = [] { // Without the mounts of containers, which come and go.
        return output("systemctl list-units --plain --no-legend --state=active "
                      "--type=mount,target,socket | while read -r unit rest; do "
                      "case $unit in *containerd*) ;; *) echo $unit ;; esac; done");
    };
    for (int attempt = 0; attempt < 60 && !active_units().contains("late.target"); ++attempt) {
        machine_->clock().sleep(500ms);
    }
    const auto before = active_units();
    EXPECT_THAT(before, AllOf(HasSubstr("\\x2ebottlerocket.mount"), HasSubstr("configured.target"),
                              HasSubstr("late.target")));
    output("systemctl daemon-reload");
    machine_->clock().sleep(3s);
    EXPECT_EQ(active_units(), before);
    EXPECT_EQ(motd(), "from the CD");
}

TEST_F(RunningMachine, TalksToAPeerOverTheirOwnWire)
{
    constexpr std::string_view address("\x0a\x00\x02\x0f", 4); // 10.0.2.15, as QEMU gives it
    LinkEnd peer(*machine_->options.peer);
    std::optional<std::string> answer;
    for (int attempt = 0; attempt < 120 && !answer; ++attempt) {
        peer.send(arp_probe(address));
        for (auto frame = peer.receive(500ms); frame && !answer; frame = peer.receive(0ms)) {
            answer = answered_by(*frame, address);
        }
    }
    EXPECT_EQ(answer, "52:54:00:00:00:02");
}

TEST_F(RunningMachine, RendersAChangedSetting)
{
    ASSERT_TRUE(succeeds(machine_->set({{"motd", "from the API"}})));
    EXPECT_EQ(motd(), "from the API");
    expect_file("/etc/motd", "from the API");
}

TEST_F(RunningMachine, ByItsConsoleRestartsTheServiceOfAChangedSetting)
{
    const auto main_process = [] {
        return output("systemctl show --property=MainPID --value chronyd.service");
    };
    const auto before = main_process();
    ASSERT_TRUE(succeeds(machine_->set({{"ntp", {{"time-servers", {"192.0.2.1"}}}}})));
    EXPECT_THAT(file_with("/etc/chrony.conf", "192.0.2.1"), HasSubstr("192.0.2.1"));
    auto after = main_process();
    for (int attempt = 0; attempt < 240 && (after == before || after == "0"); ++attempt) {
        machine_->clock().sleep(500ms);
        after = main_process();
    }
    EXPECT_NE(after, before);
    EXPECT_NE(after, "0");
}

/// Each parameter asks for another right of whoever writes it; the applier's sandbox leaves them.
TEST_F(RunningMachine, ByItsConsoleSetsKernelParametersWhateverRightTheyNeed)
{
    const std::map<std::string, std::string> wanted{{"vm.mmap_min_addr", "65537"},
                                                    {"net.core.somaxconn", "2222"},
                                                    {"kernel.yama.ptrace_scope", "2"},
                                                    {"kernel.kptr_restrict", "2"}};
    ASSERT_TRUE(succeeds(machine_->set({{"kernel", {{"sysctl", wanted}}}})));
    ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
    for (const auto& [key, value] : wanted) {
        EXPECT_EQ(output("sysctl -n " + key), value) << key;
    }
}

TEST_F(RunningMachine, ByItsConsoleAppliesAgainAfterAServiceThatCouldNotBeRestarted)
{
    output("systemctl mask --runtime set-hostname.service");
    ASSERT_TRUE(succeeds(machine_->set({{"network", {{"hostname", "bad-moment"}}}})));
    const auto applied = machine_->wait_for_apply();
    ASSERT_FALSE(applied.has_value());
    EXPECT_THAT(applied.error().message(), HasSubstr("set-hostname.service"));
    output("systemctl unmask --runtime set-hostname.service");
    // By the kernel's rules it is too long: its first label is what the machine is called.
    ASSERT_TRUE(succeeds(machine_->set(
        {{"network", {{"hostname", "good-name." + std::string(60, 'b') + ".example"}}}})));
    EXPECT_TRUE(succeeds(machine_->wait_for_apply()));
    EXPECT_EQ(output("cat /proc/sys/kernel/hostname"), "good-name");
}

TEST_F(RunningMachine, RefusesAnInvalidSettingAndChangesNothing)
{
    const auto before = machine_->get("/settings");
    ASSERT_TRUE(succeeds(before));
    const auto refused = machine_->set({{"motd", "half"}, {"no-such-setting", true}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message(), HasSubstr("no-such-setting"));
    EXPECT_FALSE(machine_->set({{"ntp", {{"time-servers", {"not a host"}}}}}).has_value());
    const auto after = machine_->get("/settings");
    ASSERT_TRUE(succeeds(after));
    EXPECT_EQ(*after, *before);
}

TEST_F(RunningMachine, ByItsConsoleHasARootThatCannotBeWritten)
{
    for (const auto* path : {"/marker", "/usr/bin/marker", "/usr/lib/marker"}) {
        const auto answer = machine_->shell(std::string("echo x > ") + path);
        ASSERT_TRUE(succeeds(answer));
        EXPECT_NE(answer->exit_status, 0) << path;
    }
    const auto remount = machine_->shell("mount -o remount,rw / && echo x > /usr/marker");
    ASSERT_TRUE(succeeds(remount));
    EXPECT_NE(remount->exit_status, 0);
}

/// Callers of a machine's remote API with certificates of all kinds.
class RemoteCallers {
public:
    using Identity = machine::Identity;

    const std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    const machine::Validity years = machine::ten_years(now);
    Identity own; ///< The machine's authority.
    Identity foreign = make(machine::Role::authority, years, nullptr);

    explicit RemoteCallers(TestMachine& machine) : machine_(machine)
    {
        auto identities = machine::api_identities(machine_.files(),
                                                  machine::KeyFiles(key_directory()), now);
        EXPECT_TRUE(succeeds(identities));
        own = identities.has_value() ? identities->authority : Identity{};
    }
    static Identity make(machine::Role role, const machine::Validity& validity,
                         const Identity* authority)
    {
        auto made = machine::make_identity(role, "somebody", validity, authority);
        EXPECT_TRUE(succeeds(made));
        return made.has_value() ? *std::move(made) : Identity{};
    }
    Identity client_of(const Identity& authority) const
    {
        return make(machine::Role::client, years, &authority);
    }

    /// Null calls without a certificate.
    bool is_let_in(const Identity* caller)
    {
        auto access = machine_.api_access().access();
        access.certificate.reset();
        access.key.reset();
        if (caller != nullptr) {
            access.certificate = machine_.directory() / "caller.crt";
            access.key = machine_.directory() / "caller.key";
            EXPECT_TRUE(succeeds(
                io::replace_file(machine_.files(), *access.certificate, caller->certificate)));
            EXPECT_TRUE(
                succeeds(io::replace_file(machine_.files(), *access.key, caller->key, 0600)));
        }
        return machine::RemoteApi(access).request("GET", "/os").has_value();
    }
    /// Waits for as long as a change may take until it is, or is not.
    bool comes_to_be_let_in(const Identity& caller, bool wanted)
    {
        for (int attempt = 0; attempt < 120 && is_let_in(&caller) != wanted; ++attempt) {
            machine_.clock().sleep(500ms);
        }
        return is_let_in(&caller);
    }
    void set_authorities(const std::string& pem)
    {
        EXPECT_TRUE(succeeds(
            machine_.set({{"api", {{"remote", {{"client-ca", to_base64(pem)}}}}}})));
    }

private:
    TestMachine& machine_;
};

TEST_F(RunningMachine, RefusesCallersWithoutACertificateOfItsAuthority)
{
    RemoteCallers callers(*machine_);
    const machine::Validity past{callers.now - std::chrono::days{30},
                                 callers.now - std::chrono::days{2}};
    const auto stranger = callers.client_of(callers.foreign);
    const auto expired = RemoteCallers::make(machine::Role::client, past, &callers.own);
    const auto server = RemoteCallers::make(machine::Role::server, callers.years, &callers.own);
    const auto fresh = callers.client_of(callers.own);
    EXPECT_FALSE(callers.is_let_in(nullptr)) << "no certificate";
    EXPECT_FALSE(callers.is_let_in(&stranger)) << "another authority";
    EXPECT_FALSE(callers.is_let_in(&expired)) << "expired";
    EXPECT_FALSE(callers.is_let_in(&server)) << "a server's certificate";
    EXPECT_TRUE(callers.is_let_in(&fresh)) << "a good one, or this test proves nothing";
}

TEST_F(RunningMachine, LetsCallersOfAnotherAuthorityInAsSoonAsASettingSaysSo)
{
    RemoteCallers callers(*machine_);
    const auto stranger = callers.client_of(callers.foreign);
    const auto friendly = callers.client_of(callers.own);
    ASSERT_FALSE(callers.is_let_in(&stranger));
    callers.set_authorities(callers.own.certificate + callers.foreign.certificate);
    EXPECT_TRUE(callers.comes_to_be_let_in(stranger, true));
    EXPECT_TRUE(callers.is_let_in(&friendly));
    callers.set_authorities(callers.own.certificate);
    EXPECT_FALSE(callers.comes_to_be_let_in(stranger, false));
    EXPECT_TRUE(callers.is_let_in(&friendly));
}

TEST_F(RunningMachine, ServesItsApiAtAnotherPortAsSoonAsASettingSaysSo)
{
    const auto first_port = machine_->api_access().access().port;
    ASSERT_FALSE(answers(second_port_));
    ASSERT_TRUE(succeeds(machine_->set({{"api", {{"remote", {{"port", second_api_port}}}}}})));
    EXPECT_TRUE(comes_to_answer(second_port_, true));
    EXPECT_FALSE(comes_to_answer(first_port, false));

    const auto elsewhere = api_at(second_port_);
    const auto patched =
        elsewhere.request("PATCH", "/settings?tx=back", R"({"api": {"remote": {"port": 8443}}})");
    ASSERT_TRUE(succeeds(patched));
    EXPECT_EQ(patched->status, 204);
    EXPECT_TRUE(succeeds(elsewhere.request("POST", "/tx/commit_and_apply?tx=back")));
    EXPECT_TRUE(comes_to_answer(first_port, true));
    EXPECT_FALSE(comes_to_answer(second_port_, false));
}

TEST_F(RunningMachine, ByItsConsoleServesNobodyOutsideWhenASettingSaysSo)
{
    const auto port = machine_->api_access().access().port;
    ASSERT_TRUE(succeeds(machine_->set({{"api", {{"remote", {{"enabled", false}}}}}})));
    EXPECT_FALSE(comes_to_answer(port, false));
    output("apiclient set api.remote.enabled=true");
    EXPECT_TRUE(comes_to_answer(port, true));
}

/// The process number of the control container's program, as soon as it is another than `before`;
/// empty when there is none in the end.
std::string control_process(TestMachine& machine, const std::string& before, bool wanted)
{
    std::string found;
    for (int attempt = 0; attempt < 240; ++attempt) {
        const auto answer = machine.shell("pgrep -x control");
        EXPECT_TRUE(succeeds(answer));
        found = answer ? answer->output : "";
        if (found != before && found.empty() != wanted) {
            break;
        }
        machine.clock().sleep(1s);
    }
    return found;
}

/// By the variables of the Boot Loader Interface, which our boot manager sets.
TEST_F(RunningMachine, ByItsConsoleTellsWhoStartedItAndHowLongThatTook)
{
    const auto status = output("SYSTEMD_COLORS=0 bootctl status --no-pager");
    EXPECT_THAT(status, HasSubstr("Product: holdfast-boot "));
    EXPECT_THAT(status, HasSubstr("Current Entry: holdfast-a.efi"));
    std::string times;
    for (int attempt = 0; attempt < 240 && !times.contains("(kernel)"); ++attempt) {
        machine_->clock().sleep(500ms); // "Bootup is not yet finished", for some units come late.
        times = output("systemd-analyze time || true");
    }
    EXPECT_THAT(times, HasSubstr("(firmware)"));
    EXPECT_THAT(times, HasSubstr("(loader)"));
}

TEST_F(RunningMachine, ByItsConsoleShowsARunningContainerNewHostsAndItsNameServers)
{
    const auto process = control_process(*machine_, "", true);
    ASSERT_NE(process, "");
    const auto etc = "/proc/" + process + "/root/etc/";
    EXPECT_THAT(output("cat " + etc + "hosts"), Not(HasSubstr("peer.example")));
    ASSERT_TRUE(succeeds(machine_->set(
        *parse_json(R"({"network": {"hosts": [["192.0.2.7", ["peer.example"]]]}})"))));
    ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
    EXPECT_THAT(file_with(etc + "hosts", "peer.example"), HasSubstr("192.0.2.7 peer.example"));
    EXPECT_THAT(file_with(etc + "resolv.conf", "nameserver"), HasSubstr("nameserver 10.0.2.3"));
    EXPECT_EQ(control_process(*machine_, "", true), process) << "it is the same container still";
}

TEST_F(RunningMachine, ByItsConsoleRunsAHostContainerUntilItIsDisabled)
{
    const auto first = control_process(*machine_, "", true);
    ASSERT_NE(first, "") << "the control container runs";
    output("kill -9 " + first);
    const auto second = control_process(*machine_, first, true);
    EXPECT_NE(second, first);
    EXPECT_NE(second, "") << "it is started again";
    ASSERT_TRUE(succeeds(
        machine_->set({{"host-containers", {{"control", {{"enabled", false}}}}}})));
    EXPECT_EQ(control_process(*machine_, second, false), "");
}

TEST_F(RunningMachine, ByItsConsoleHasNoFailedUnit)
{
    // What only a whole boot does; the flags on the disk are looked at by the fall-back tests.
    std::string state;
    for (int attempt = 0; attempt < 240 && state != "active"; ++attempt) {
        const auto answer = machine_->shell("systemctl is-active multi-user.target");
        ASSERT_TRUE(succeeds(answer));
        state = answer->output;
        machine_->clock().sleep(500ms);
    }
    EXPECT_EQ(state, "active");
    EXPECT_EQ(output("systemctl list-units --failed --plain --no-legend"), "");
}

} // namespace
} // namespace holdfast::vm
