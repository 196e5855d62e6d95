// Host containers on the real containerd and crun, in namespaces of the test's own.

#include "stage.hpp"

#include "apply/apply.hpp"
#include "containers/containerd/client.hpp"
#include "image/oci/oci_archive.hpp"
#include "io/posix/posix_addresses.hpp"
#include "io/posix/posix_system.hpp"
#include "services/netdog/netdog.hpp"
#include "settings/types/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <format>
#include <unistd.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using containers::Client;
using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path programs = HOLDFAST_PROGRAMS;
const std::filesystem::path images = "/usr/share/holdfast/images";
const std::filesystem::path logs = "/run/logs";

std::unique_ptr<stage::Daemon> started(std::vector<std::string> arguments,
                                       std::map<std::string, std::string> environment,
                                       const std::string& log)
{
    auto daemon = stage::Daemon::start(std::move(arguments), std::move(environment), logs / log);
    EXPECT_TRUE(daemon.has_value());
    return daemon.has_value() ? std::move(*daemon) : nullptr;
}

/// One containerd for all tests: starting it is what the image does once per boot.
class HostContainers : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        stage::write_file(logs / "x", "");
        containerd = started({"containerd", "--config", HOLDFAST_CONTAINERD_CONFIG},
                             {{"SSL_CERT_FILE", "/run/registry/certificate.pem"}}, "containerd");
        ASSERT_TRUE(containerd->says("successfully booted", 20s)) << containerd->output();
    }

    static void TearDownTestSuite()
    {
        containerd->signal(SIGTERM);
        containerd->wait(10s);
        containerd.reset();
    }

    void SetUp() override
    {
        stage::write_file("/local/host-containers/test/user-data", "hello from outside\n");
        auto opened = Client::open({}, clock);
        ASSERT_TRUE(opened.has_value());
        client = std::move(*opened);
    }

    void TearDown() override
    {
        EXPECT_EQ(host_ctr({"clean-up", "--container-id", "test"})->wait(30s), 0);
        if (HasFailure()) {
            std::cerr << containerd->output();
        }
    }

    /// An archive whose container runs our workload with these arguments.
    std::string archive(const std::string& name, std::vector<std::string> arguments)
    {
        const auto root = std::filesystem::path("/run/trees") / name;
        std::filesystem::create_directories(root / "bin");
        std::filesystem::copy_file(programs / "container_workload", root / "bin/workload",
                                   std::filesystem::copy_options::overwrite_existing);
        arguments.insert(arguments.begin(), "/bin/workload");
        std::filesystem::create_directories(images);
        const auto path = images / (name + ".tar");
        const auto built = image::build_oci_archive({.root = root,
                                                     .entrypoint = std::move(arguments),
                                                     .environment = {"FROM_IMAGE=yes"},
                                                     .labels = {}},
                                                    path);
        EXPECT_TRUE(built.has_value()) << built.error().message();
        return "file://" + path.native();
    }

    static std::unique_ptr<stage::Daemon> host_ctr(std::vector<std::string> arguments,
                                                   const std::string& log = "host-ctr")
    {
        arguments.insert(arguments.begin(), programs / "host-ctr");
        return started(std::move(arguments),
                       {{"HOST_CTR_PROGRAM", programs / "host-ctr"},
                        {"HOST_CTR_WAIT_PROGRAM", programs / "host-ctr-wait"},
                        {"HTTPS_PROXY", "http://proxy.example:3128"}},
                       log);
    }

    static std::unique_ptr<stage::Daemon> run(const std::string& source,
                                              std::vector<std::string> more = {})
    {
        std::vector<std::string> arguments{"run", "--container-id=test", "--source=" + source};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return host_ctr(std::move(arguments), "run");
    }

    template <typename T>
    static bool is_missing(const Result<T>& found)
    {
        return !found.has_value() && found.error().code() == Errc::not_found;
    }

    /// The container, its process and its file system are gone.
    void expect_nothing_left()
    {
        EXPECT_TRUE(is_missing(client->container("test")));
        EXPECT_TRUE(is_missing(client->task("test")));
        EXPECT_FALSE(client->has_snapshot("test-snapshot").value_or(true));
        EXPECT_FALSE(std::filesystem::exists("/run/host-containerd/streams/test"));
    }

    io::PosixClock clock;
    std::unique_ptr<Client> client;
    static std::unique_ptr<stage::Daemon> containerd;
};

std::unique_ptr<stage::Daemon> HostContainers::containerd;

TEST_F(HostContainers, Version)
{
    const auto version = client->version();
    ASSERT_TRUE(version.has_value()) << version.error().message();
    EXPECT_THAT(*version, HasSubstr("1.7."));
}

TEST_F(HostContainers, RunsFromAnArchiveUntilSigterm)
{
    const auto source = archive("stay", {"stay"});
    const auto running = run(source);
    ASSERT_TRUE(running->says("workload: up", 30s)) << running->output();
    EXPECT_EQ(stage::program_name(running->pid()), "host-ctr-wait");
    const auto memory = stage::resident_kib(running->pid());
    RecordProperty("waiter_resident_kib", static_cast<int>(memory));
    std::cerr << "host-ctr-wait: " << memory << " KiB resident\n";
    EXPECT_LT(memory, 2048) << "one of these runs beside each container";

    running->signal(SIGTERM);
    EXPECT_EQ(running->wait(15s), 0) << running->output();
    EXPECT_THAT(running->output(), HasSubstr("workload: bye"));
    expect_nothing_left();
}

TEST_F(HostContainers, GivesTheContainerItsInterface)
{
    const auto running = run(archive("report", {"report"}));
    EXPECT_EQ(running->wait(30s), 0);
    const auto text = running->output();
    EXPECT_THAT(text, HasSubstr("pid 1\n"));
    EXPECT_THAT(text, HasSubstr("CapEff:\t00000000a80425fb\n"));
    EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t1\n"));
    EXPECT_THAT(text, HasSubstr("Seccomp:\t2\n"));
    EXPECT_THAT(text, HasSubstr("HTTPS_PROXY=http://proxy.example:3128\n"));
    EXPECT_THAT(text, HasSubstr("FROM_IMAGE=yes\n"));
    EXPECT_THAT(text, HasSubstr("/run/api.sock there\n"));
    EXPECT_THAT(text, HasSubstr("/usr/local/bin/apiclient there\n"));
    EXPECT_THAT(text, HasSubstr("rootfs/etc/os-release not there\n"));
    EXPECT_THAT(text, HasSubstr("release ro\n"));
    EXPECT_THAT(text, HasSubstr("hello from outside\n"));
    EXPECT_THAT(text, HasSubstr("this is an error\n")) << "standard error comes out too";
    expect_nothing_left();
}

/// The two files are the host's, and change after the container has started: by DHCP, by a setting.
TEST_F(HostContainers, ARunningContainerSeesNewHostsAndNameServers)
{
    const auto running = run(archive("resolve", {"resolve"}));
    ASSERT_TRUE(running->says("workload: up", 30s)) << running->output();

    const auto model = settings::Model::load(R"({"groups": ["network"]})");
    ASSERT_TRUE(model.has_value());
    io::PosixFiles files;
    io::PosixProcesses processes;
    const apply::Facts facts{*parse_json(R"({"network": {"hosts": [["192.0.2.1", ["peer"]]]}})"),
                             {}};
    const auto plan =
        apply::plan_for_keys(*model, std::vector<std::string>{"settings.network.hosts"});
    const auto applied =
        apply::apply(*model, plan, facts, apply::Occasion::change, files, processes);
    EXPECT_EQ(applied.error, "");
    EXPECT_TRUE(running->says("192.0.2.1 peer\n", 20s)) << running->output();

    stage::write_file("/run/systemd/netif/state", "DNS=192.0.2.53\n");
    io::PosixRandom random;
    io::PosixAddresses addresses;
    netdog::World world{files, clock, random, addresses};
    const auto written = netdog::write_resolv_conf(world);
    ASSERT_TRUE(written.has_value()) << written.error().message();
    EXPECT_TRUE(running->says("nameserver 192.0.2.53\n", 20s)) << running->output();

    running->signal(SIGTERM);
    EXPECT_EQ(running->wait(15s), 0);
}

TEST_F(HostContainers, SuperpoweredReachesTheHost)
{
    const auto running = run(archive("report", {"report"}), {"--superpowered=true"});
    EXPECT_EQ(running->wait(30s), 0) << running->output();
    const auto text = running->output();
    EXPECT_THAT(text, Not(HasSubstr("pid 1\n")));
    const auto host = stage::read_file("/proc/1/status");
    EXPECT_THAT(text, HasSubstr("CapEff" + host.substr(host.find("CapBnd") + 6, 18)));
    EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t0\n"));
    EXPECT_THAT(text, HasSubstr("Seccomp:\t0\n"));
    EXPECT_THAT(text, HasSubstr("rootfs/etc/os-release there\n"));
}

/// What the settings take as a name runs; what they refuse would not.
TEST_F(HostContainers, ANameMayBeAsLongAsContainerdAllows)
{
    const auto source = archive("exit", {"exit", "0"});
    const auto run_as = [&](const std::string& name) {
        std::filesystem::create_directories("/local/host-containers/" + name);
        const auto running = host_ctr({"run", "--container-id=" + name, "--source=" + source});
        const auto status = running->wait(30s);
        EXPECT_EQ(status == 0, settings::ContainerName::parse(name).has_value())
            << name << ": " << running->output();
    };
    run_as(std::string(76, 'a'));
    run_as(std::string(77, 'a'));
    run_as("a-2");
    run_as("a--b");
    run_as("a-");
}

TEST_F(HostContainers, CommandReplacesTheEntrypoint)
{
    const auto running =
        run(archive("stay", {"stay"}), {R"(--command=["/bin/workload", "exit", "0"])"});
    EXPECT_EQ(running->wait(30s), 0) << running->output();
    EXPECT_THAT(running->output(), HasSubstr("leaving"));
}

TEST_F(HostContainers, AFailingContainerIsAnError)
{
    const auto running = run(archive("failing", {"exit", "7"}));
    EXPECT_EQ(running->wait(30s), 1);
    EXPECT_THAT(running->output(), HasSubstr("container test exited with status 7"));
    expect_nothing_left();
}

TEST_F(HostContainers, AnImageWithoutTheProgramIsAClearErrorAndLeavesNothing)
{
    const auto running = run(archive("stay", {"stay"}), {R"(--command=["/bin/nothing"])"});
    EXPECT_EQ(running->wait(30s), 1);
    EXPECT_THAT(running->output(), HasSubstr("/bin/nothing"));
    expect_nothing_left();
}

TEST_F(HostContainers, AStubbornContainerIsKilledAfterTwentySeconds)
{
    const auto running = run(archive("stubborn", {"stubborn"}));
    ASSERT_TRUE(running->says("workload: up", 30s)) << running->output();
    running->signal(SIGTERM);
    EXPECT_EQ(running->wait(15s), -1) << "not earlier";
    EXPECT_EQ(running->wait(20s), 0);
    expect_nothing_left();
}

TEST_F(HostContainers, ANewHostCtrAttachesToARunningContainer)
{
    const auto source = archive("tick", {"tick"});
    {
        const auto first = run(source);
        ASSERT_TRUE(first->says("workload: up", 30s)) << first->output();
        first->signal(SIGKILL);
        first->wait(5s);
    }
    const auto task = client->task("test");
    ASSERT_TRUE(task.has_value()) << task.error().message();
    const auto second = run(source);
    EXPECT_TRUE(second->says("attaching", 20s)) << second->output();
    EXPECT_TRUE(second->says("tick", 20s)) << second->output();
    EXPECT_EQ(client->task("test").value_or(containers::Task{}).pid, task->pid);
    second->signal(SIGTERM);
    EXPECT_EQ(second->wait(15s), 0) << second->output();
    expect_nothing_left();
}

TEST_F(HostContainers, CleanUpStopsARunningContainerAndAgreesWithNone)
{
    const auto running = run(archive("stay", {"stay"}));
    ASSERT_TRUE(running->says("workload: up", 30s)) << running->output();
    const auto cleaner = host_ctr({"clean-up", "--container-id", "test"});
    EXPECT_EQ(cleaner->wait(30s), 0) << cleaner->output();
    running->wait(15s);
    expect_nothing_left();
    EXPECT_EQ(host_ctr({"clean-up", "--container-id", "test"})->wait(30s), 0);
}

TEST_F(HostContainers, AnArchiveIsImportedOnce)
{
    const auto source = archive("once", {"exit", "0"});
    EXPECT_EQ(run(source)->wait(30s), 0);
    // All but the index and what follows it at once is cut off: a second import would fail.
    const auto path = images / "once.tar";
    std::filesystem::resize_file(path, 8192);
    EXPECT_EQ(run(source)->wait(30s), 0);

    // Another archive under the same name is imported.
    archive("once", {"exit", "3"});
    EXPECT_EQ(run(source)->wait(30s), 1);
}

TEST_F(HostContainers, ABrokenArchiveIsAClearError)
{
    const auto source = archive("broken", {"exit", "0"});
    std::filesystem::resize_file(images / "broken.tar", 8192);
    const auto running = run(source);
    EXPECT_EQ(running->wait(60s), 1);
    EXPECT_THAT(running->output(), HasSubstr("importing file://"));
    expect_nothing_left();
}

TEST_F(HostContainers, AMissingPathOfTheHostIsNamed)
{
    std::filesystem::remove("/run/api.sock");
    const auto running = run(archive("stay", {"stay"}));
    EXPECT_EQ(running->wait(30s), 1);
    EXPECT_THAT(running->output(), HasSubstr("this host has no /run/api.sock"));
    stage::write_file("/run/api.sock", "");
}

/// A registry with TLS and a password, as Debian packages it.
class Registry : public HostContainers {
protected:
    static constexpr auto address = "localhost:5443";

    static void SetUpTestSuite()
    {
        make_credentials();
        HostContainers::SetUpTestSuite();
        registry = started({"docker-registry", "serve", "/run/registry/config.yml"}, {}, "registry");
        ASSERT_TRUE(registry->says("listening on", 20s)) << registry->output();
    }

    static void TearDownTestSuite()
    {
        registry.reset();
        HostContainers::TearDownTestSuite();
    }

    static void make_credentials()
    {
        const std::filesystem::path folder = "/run/registry";
        std::filesystem::create_directories(folder);
        EXPECT_EQ(started({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                           "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:mirror.test",
                           "-days", "2", "-keyout", folder / "key.pem", "-out",
                           folder / "certificate.pem"},
                          {}, "openssl")
                      ->wait(30s),
                  0);
        // "warden" with the password "keys", hashed by bcrypt as the registry demands.
        stage::write_file(folder / "htpasswd", password_line());
        stage::write_file(folder / "config.yml", std::format(R"(version: 0.1
storage: {{filesystem: {{rootdirectory: /run/registry/store}}}}
auth: {{htpasswd: {{realm: test, path: /run/registry/htpasswd}}}}
http:
  addr: {}
  tls: {{certificate: /run/registry/certificate.pem, key: /run/registry/key.pem}}
)",
                                                             address));
    }

    static std::string password_line();

    void push(const std::string& archive_name, const std::string& target)
    {
        const auto pushed =
            started({"skopeo", "--insecure-policy", "copy", "--dest-creds", "warden:keys",
                     "--dest-tls-verify=false",
                     "oci-archive:" + (images / (archive_name + ".tar")).native(),
                     "docker://" + std::string(address) + "/" + target},
                    {}, "skopeo");
        EXPECT_EQ(pushed->wait(60s), 0) << pushed->output();
    }

    /// Renders settings.container-registry, as the machine does.
    void configure(const std::string& settings)
    {
        const auto model =
            settings::Model::load(R"({"groups": ["container-registry", "host-containers"]})");
        ASSERT_TRUE(model.has_value());
        const auto values = model->flatten({{"container-registry", *parse_json(settings)}});
        ASSERT_TRUE(values.has_value()) << values.error().message();
        const auto toml = model->render("host-ctr-toml", model->nest(*values), Json::object());
        ASSERT_TRUE(toml.has_value());
        stage::write_file("/etc/host-containers/host-ctr.toml", *toml);
    }
    static constexpr auto own_login =
        R"({"credentials": [{"registry": "localhost:5443", "username": "warden",
                             "password": "keys"}]})";

    static std::unique_ptr<stage::Daemon> registry;
};

std::unique_ptr<stage::Daemon> Registry::registry;

const std::string config_option = "--registry-config=/etc/host-containers/host-ctr.toml";

std::string Registry::password_line()
{
    return "warden:$2b$05$L0TIHtg67n9Fv1ZWCcN/LOKTE3XNTmDPlsZZ0V/hCLp6fSFAAz5yy\n";
}

TEST_F(Registry, PullsWithTheConfiguredLogin)
{
    archive("pulled", {"report"});
    push("pulled", "team/pulled:1");
    configure(own_login);
    const auto running = run("localhost:5443/team/pulled:1", {config_option});
    EXPECT_EQ(running->wait(60s), 0) << running->output();
    EXPECT_THAT(running->output(), HasSubstr("FROM_IMAGE=yes"));
}

TEST_F(Registry, PullsFromAMirrorUnderTheImagesOwnName)
{
    archive("mirrored", {"report"});
    push("mirrored", "proxy/library/thing:2");
    configure(R"({"mirrors": [{"registry": "docker.io",
                               "endpoint": ["http://plain.example",
                                            "https://localhost:5443/v2/proxy"]}],
                  "credentials": [{"registry": "docker.io", "auth": "d2FyZGVuOmtleXM="}]})");
    const auto running = run("thing:2", {config_option});
    EXPECT_EQ(running->wait(60s), 0) << running->output();
    EXPECT_THAT(running->output(), HasSubstr("mirror left out"));
    EXPECT_TRUE(client->image("docker.io/library/thing:2").has_value());
}

TEST_F(Registry, UsesACachedImageWithoutTheRegistryAndLabelsIt)
{
    archive("cached", {"exit", "0"});
    push("cached", "team/cached:1");
    configure(own_login);
    const std::string source = "--source=localhost:5443/team/cached:1";
    EXPECT_EQ(host_ctr({"pull-image", source, config_option})->wait(60s), 0);
    configure("{}");
    EXPECT_EQ(host_ctr({"pull-image", source, config_option, "--skip-if-image-exists",
                        "--label=io.cri-containerd.pinned=pinned"})
                  ->wait(30s),
              0);
    const auto image = client->image("localhost:5443/team/cached:1");
    ASSERT_TRUE(image.has_value()) << image.error().message();
    EXPECT_EQ(image->labels.at("io.cri-containerd.pinned"), "pinned");
}

} // namespace
} // namespace holdfast

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    const auto entered = holdfast::stage::enter();
    if (!entered.has_value()) {
        std::cerr << entered.error().message() << '\n';
        return 77; // CTest counts it as skipped.
    }
    return RUN_ALL_TESTS();
}
