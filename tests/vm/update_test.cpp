// Updates from a web server, and what becomes of those that go wrong.

#include "machine/web_server.hpp"
#include "migrations.hpp"
#include "releases.hpp"

#include <cstdlib>
#include <format>
#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string variant_path()
{
    return "/metadata/" + variant_under_test() + "/x86_64";
}

/// A machine at version 1.0.0 and what it updates from.
class Update : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        auto built = Releases::build();
        ASSERT_TRUE(succeeds(built));
        releases_.emplace(*std::move(built));
    }
    void SetUp() override { ASSERT_TRUE(releases_.has_value()); }
    void TearDown() override
    {
        server_.reset();
        if (!HasFailure() && repository_) {
            std::filesystem::remove_all(repository_->folder()); // A hundred megabytes a release.
        }
    }

    /// A repository on a server, with these versions.
    void serve(const std::vector<std::string>& versions)
    {
        auto repository = Repository::create(this_test() + "-repository");
        ASSERT_TRUE(succeeds(repository));
        repository_.emplace(*std::move(repository));
        std::vector<std::string> before;
        for (const auto& version : versions) {
            ASSERT_TRUE(succeeds(repository_->add(*releases_, version, before)));
            before = {version};
        }
        start_server();
    }
    /// With an identity, by TLS only.
    void start_server(const machine::Identity* identity = nullptr)
    {
        server_.reset();
        auto server = machine::WebServer::start(
            repository_->folder(),
            std::filesystem::path("/src/holdfast/out/test-logs") / (this_test() + "-server"),
            identity);
        ASSERT_TRUE(succeeds(server));
        server_.emplace(*std::move(server));
    }
    /// A file for `./holdfast repo`, as that is told of it.
    std::string policy() const
    {
        return (machine_->directory() / "policy.toml").lexically_relative("/src/holdfast").native();
    }
    Result<void> write_policy(std::string_view toml)
    {
        return io::replace_file(machine_->files(), machine_->directory() / "policy.toml", toml);
    }
    /// Boots 1.0.0 and tells it where updates are.
    void boot(Json more = Json::object())
    {
        machine_.emplace(this_test());
        machine_->host_containers = host_containers_;
        machine_->options.cpus = cpus_;
        start_machine();
        ASSERT_TRUE(succeeds(machine_->set(chosen_settings())));
        ASSERT_NO_FATAL_FAILURE(generate());
        use_server();
        if (!more.empty()) {
            ASSERT_TRUE(succeeds(machine_->set(more)));
        }
        ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
        // Until it has proved itself, the other set is what it would fall back to.
        wait_until_proven();
    }
    /// As the machine's generators set what they make.
    void generate()
    {
        for (const auto& request :
             {std::format("-m PATCH -u '/settings?tx=made&source=generator&who=test' -d '{}'",
                          to_text(generated_settings())),
              std::string("-m POST -u '/tx/commit_and_apply?tx=made'")}) {
            const auto done = machine_->shell(
                "apiclient --socket-path /run/apiserver-services.sock raw " + request);
            ASSERT_TRUE(succeeds(done));
            ASSERT_EQ(done->exit_status, 0) << done->output;
        }
    }
    void start_machine()
    {
        machine_->image = releases_->image("1.0.0");
        ASSERT_TRUE(succeeds(machine_->boot()));
    }
    void use_server()
    {
        const auto url = server_->url_for_guest();
        ASSERT_TRUE(succeeds(machine_->set({{"updates",
                                             {{"metadata-base-url", url + variant_path()},
                                              {"targets-base-url", url + "/targets"}}}})));
    }

    /// Runs an update command through the API to its end; the record of it.
    Json command(const std::string& action, const std::string& kind,
                 std::chrono::seconds limit = 240s)
    {
        const auto posted = machine_->api("POST", "/actions/" + action);
        EXPECT_TRUE(succeeds(posted));
        EXPECT_TRUE(!posted || posted->status == 204) << posted->status << " " << posted->body;
        if (!posted || posted->status != 204) {
            return Json::object();
        }
        return wait_for_record(kind, limit);
    }
    /// The record of the last command, once it is of this kind.
    Json wait_for_record(const std::string& kind, std::chrono::seconds limit = 240s)
    {
        const auto deadline = machine_->clock().monotonic_now() + limit;
        while (machine_->clock().monotonic_now() < deadline) {
            const auto status = machine_->get("/updates/status");
            if (status.has_value()) {
                const auto record = status->value("most_recent_command", Json());
                if (record.is_object() && record.value("cmd_type", "") == kind) {
                    return record;
                }
            }
            machine_->clock().sleep(500ms);
        }
        ADD_FAILURE() << kind << " did not end in time";
        return Json::object();
    }
    void expect_success(const std::string& action, const std::string& kind)
    {
        const auto record = command(action, kind);
        EXPECT_EQ(record.value("cmd_status", ""), "Success") << to_text(record);
    }
    /// The message of a command that has to fail.
    std::string failure_of(const std::string& action, const std::string& kind)
    {
        const auto record = command(action, kind);
        EXPECT_EQ(record.value("cmd_status", ""), "Failed") << to_text(record);
        return record.value("stderr", "");
    }

    /// What the machine may do next, after a look at the repository.
    std::string state_after_refresh()
    {
        EXPECT_TRUE(succeeds(machine_->wait_for_apply()));
        machine_->clock().sleep(1s); // Records are told apart by their time.
        expect_success("refresh-updates", "refresh");
        const auto status = machine_->get("/updates/status");
        EXPECT_TRUE(succeeds(status));
        return status ? status->value("update_state", "") : "";
    }
    /// Until some of it is on the disk.
    void start_download()
    {
        const auto posted = machine_->api("POST", "/actions/prepare-update");
        ASSERT_TRUE(succeeds(posted));
        ASSERT_EQ(posted->status, 204) << posted->body;
        const auto deadline = machine_->clock().monotonic_now() + boot_limit;
        std::uint64_t percent = 0;
        while (percent < 3 && machine_->clock().monotonic_now() < deadline) {
            machine_->clock().sleep(500ms);
            const auto progress = machine_->get("/updates/progress");
            // Null until the download begins.
            percent = progress && progress->is_object()
                          ? progress->value("percent", std::uint64_t{0})
                          : 0;
        }
        EXPECT_GE(percent, 3);
        EXPECT_LT(percent, 100);
    }
    /// What a command that has to succeed prints.
    std::string typed(const std::string& command)
    {
        const auto answer = machine_->shell(command, boot_limit);
        EXPECT_TRUE(succeeds(answer));
        EXPECT_TRUE(!answer || answer->exit_status == 0) << command << ": " << answer->output;
        return answer ? answer->output : "";
    }
    /// Of the last line of the machine's log with this text, the number after `key`=.
    std::uint64_t number_in_log(const std::string& text, const std::string& key)
    {
        const auto log = typed("journalctl --output=cat --no-pager --lines=300");
        const auto line = log.rfind(text);
        EXPECT_NE(line, std::string::npos) << text << " is not in\n" << log;
        const auto word = " " + key + "=";
        const auto found = line == std::string::npos ? line : log.find(word, line);
        EXPECT_NE(found, std::string::npos) << key;
        return found == std::string::npos
                   ? 0
                   : std::strtoull(log.c_str() + found + word.size(), nullptr, 10);
    }
    void reboot()
    {
        ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
        ASSERT_TRUE(succeeds(machine_->running().wait_for_reset(boot_limit)));
        ASSERT_TRUE(succeeds(machine_->wait_for_api()));
    }
    std::string version()
    {
        const auto os = machine_->get("/os");
        EXPECT_TRUE(succeeds(os));
        return os ? os->value("version_id", "") : "";
    }
    /// What this version makes of what `boot` set.
    void expect_settings_of(const std::string& version)
    {
        const auto settings = machine_->get("/settings");
        ASSERT_TRUE(succeeds(settings));
        EXPECT_TRUE(has_settings(*settings, migrated_settings(version))) << to_text(*settings);
    }
    std::string motd()
    {
        const auto settings = machine_->get("/settings?keys=settings.motd");
        EXPECT_TRUE(succeeds(settings));
        return settings ? settings->value("motd", "") : "";
    }
    std::string flags()
    {
        const auto answer = machine_->shell("signpost status");
        return answer ? answer->output : answer.error().message();
    }
    void prepare_and_activate()
    {
        expect_success("refresh-updates", "refresh");
        expect_success("prepare-update", "prepare");
        expect_success("activate-update", "activate");
    }
    void roll_back()
    {
        const auto back = machine_->api("POST", "/actions/rollback-update");
        ASSERT_TRUE(succeeds(back));
        EXPECT_EQ(back->status, 204) << back->body;
    }
    /// From set B, where it boots now, back to A.
    void expect_fall_back()
    {
        ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set B", boot_limit)));
        ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set A", boot_limit)));
        ASSERT_TRUE(succeeds(machine_->wait_for_api()));
        EXPECT_EQ(version(), "1.0.0");
    }
    std::string fall_back_with(const std::string& part) { return machine_->fall_back_with(part); }
    /// Until the set that boots next has been found good.
    void wait_until_proven()
    {
        const auto deadline = machine_->clock().monotonic_now() + boot_limit;
        bool proven = false;
        while (!proven && machine_->clock().monotonic_now() < deadline) {
            machine_->clock().sleep(1s);
            const auto a = machine_->flags_of("HOLDFAST-BOOT-A");
            const auto b = machine_->flags_of("HOLDFAST-BOOT-B");
            proven = (a.priority > b.priority ? a : b).successful;
        }
        EXPECT_TRUE(proven);
    }

    bool host_containers_ = false;
    int cpus_ = 1;
    static std::optional<Releases> releases_;
    std::optional<Repository> repository_;
    std::optional<machine::WebServer> server_;
    std::optional<TestMachine> machine_;
};

std::optional<Releases> Update::releases_;

/// What every version can do.
const Json good_command = {"/usr/bin/apiclient", "get", "/os"};

TEST_F(Update, GoesFromVersionToVersionAndBack)
{
    serve({"1.0.0", "1.1.0"});
    boot({{"boot-health", {{"commands", Json::array({good_command})}}}});

    // As a person does it.
    const auto check = machine_->shell("apiclient update check", 120s);
    ASSERT_TRUE(succeeds(check));
    EXPECT_THAT(check->output, HasSubstr("1.1.0"));
    const auto applied = machine_->shell("apiclient update apply", 300s);
    ASSERT_TRUE(succeeds(applied));
    EXPECT_EQ(applied->exit_status, 0) << applied->output;
    EXPECT_THAT(flags(), HasSubstr("Next:    Set B"));
    reboot();
    EXPECT_EQ(version(), "1.1.0");
    expect_settings_of("1.1.0");
    wait_until_proven();

    // And through the API, into the set that 1.0.0 was in.
    ASSERT_TRUE(succeeds(repository_->add(*releases_, "1.2.0", {"1.1.0"})));
    expect_success("refresh-updates", "refresh");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    reboot();
    EXPECT_EQ(version(), "1.2.0");
    expect_settings_of("1.2.0");
    wait_until_proven();

    // Back on purpose: needs no server. The first time by mistake.
    server_.reset();
    typed("apiclient update rollback");
    EXPECT_THAT(typed("apiclient update status"), HasSubstr("1.1.0"));
    expect_success("deactivate-update", "deactivate");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set A"));
    EXPECT_TRUE(machine_->flags_of("HOLDFAST-BOOT-B").priority > 0) << "something to fall back to";
    ASSERT_NO_FATAL_FAILURE(roll_back());
    const auto status = machine_->get("/updates/status");
    ASSERT_TRUE(succeeds(status));
    EXPECT_EQ((*status)["update_state"], "Ready");
    EXPECT_EQ((*status)["active_partition"]["next_to_boot"], false);
    EXPECT_EQ((*status)["staging_partition"]["image"]["version"], "1.1.0");
    reboot();
    EXPECT_EQ(version(), "1.1.0");
    expect_settings_of("1.1.0");
    wait_until_proven();

    // The other set has worked, and still gives way where it cannot bring the settings to its version.
    const auto spoilt = machine_->shell(
        "mkdir -p /var/lib/bottlerocket/datastore/current/settings.sqlite.new/in-the-way");
    ASSERT_TRUE(succeeds(spoilt));
    ASSERT_EQ(spoilt->exit_status, 0) << spoilt->output;
    ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/rollback-update")));
    ASSERT_TRUE(succeeds(machine_->console().skip_to_end()));
    ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
    ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set A", boot_limit)));
    ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set B", boot_limit)));
    ASSERT_TRUE(succeeds(machine_->wait_for_api()));
    EXPECT_EQ(version(), "1.1.0");
    expect_settings_of("1.1.0");
    EXPECT_EQ(machine_->flags_of("HOLDFAST-BOOT-A"), (boot::SlotFlags{1, 0, false}));
    EXPECT_THAT(fall_back_with("cannot be brought"),
                AllOf(HasSubstr("settings cannot be brought to this version"), HasSubstr("1.2.0")));
}

TEST_F(Update, IsLeftWhenItsHealthCheckFails)
{
    serve({"1.0.0", "1.1.0"});
    boot();
    const Json bad_command = {"/usr/bin/apiclient", "raw", "-u", "/no-such-page"};
    ASSERT_TRUE(succeeds(machine_->set({{"boot-health",
                                         {{"units", {"chronyd.service"}},
                                          {"commands", Json::array({good_command, bad_command})},
                                          {"timeout", 15}}}})));
    prepare_and_activate();
    ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
    expect_fall_back();
    expect_settings_of("1.0.0");
    const std::string reason =
        "settings.boot-health.commands: /usr/bin/apiclient raw -u /no-such-page exited with status 1";
    EXPECT_THAT(fall_back_with(reason), AllOf(HasSubstr(reason), HasSubstr("1.1.0")));
    const auto console = machine_->console().text();
    ASSERT_TRUE(succeeds(console));
    EXPECT_THAT(*console, AllOf(HasSubstr("boot failed: "), HasSubstr(reason))) << "people see it, too";
}

/// A panic, a hang, a failed service, a bad migration, a failed initrd.
TEST_F(Update, IsLeftAfterEachKindOfTrouble)
{
    serve({"1.0.0"});
    ASSERT_TRUE(succeeds(repository_->add(*releases_, "1.9.0", {"1.0.0"})));
    boot();
    struct Trouble {
        std::string motd;
        std::string reason;
    };
    for (const auto& [name, reason] :
         {Trouble{"panic", "Kernel panic - not syncing: sysrq triggered crash"},
          Trouble{"hang", "a crash, a hang or a power cut"},
          Trouble{"service", "host-containerd.service failed"},
          Trouble{"bad migration", "settings.motd"}}) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(succeeds(machine_->set({{"motd", name}})));
        ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
        prepare_and_activate();
        ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
        ASSERT_NO_FATAL_FAILURE(expect_fall_back());
        EXPECT_EQ(motd(), name);
        EXPECT_THAT(fall_back_with(reason), AllOf(HasSubstr(reason), HasSubstr("1.9.0")));
    }

    prepare_and_activate();
    ASSERT_TRUE(succeeds(machine_->power_down()));
    ASSERT_TRUE(succeeds(machine_->edit_disk([](io::BlockDevice& disk) {
        return flip_bit(disk, "HOLDFAST-HASH-B", 0);
    })));
    ASSERT_TRUE(succeeds(machine_->start()));
    expect_fall_back();
    EXPECT_THAT(fall_back_with("its initrd failed"),
                AllOf(HasSubstr("its initrd failed"), HasSubstr("verity"), HasSubstr("1.9.0")));
}

TEST_F(Update, TakesNothingFromARepositoryThatIsNotRight)
{
    serve({"1.0.0", "1.1.0"});
    boot();
    const auto before = flags();
    namespace fs = std::filesystem;
    const auto good = fs::path(repository_->folder().native() + "-good");
    fs::remove_all(good);
    fs::copy(repository_->folder(), good, fs::copy_options::recursive);
    const auto restore = [&] {
        fs::remove_all(repository_->folder() / "metadata");
        fs::copy(good, repository_->folder(),
                 fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    };

    // Signed by somebody else.
    auto foreign = Repository::create_foreign(this_test() + "-foreign");
    ASSERT_TRUE(succeeds(foreign));
    ASSERT_TRUE(succeeds(foreign->add(*releases_, "1.1.0", {}, {"--foreign-root"})));
    fs::remove_all(repository_->folder() / "metadata");
    fs::copy(foreign->folder() / "metadata", repository_->folder() / "metadata",
             fs::copy_options::recursive);
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("sign"));
    restore();

    // Metadata that trickles in. Nothing of it takes longer than half a minute.
    ASSERT_TRUE(succeeds(server_->limit_rate(10)));
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("not fetched within 30"));
    ASSERT_TRUE(succeeds(server_->limit_rate(0)));

    // Targets with other bytes, and with fewer.
    expect_success("refresh-updates", "refresh");
    auto root = repository_->target("1.1.0", "-root.erofs");
    auto boot_image = repository_->target("1.1.0", "-boot.efi");
    ASSERT_TRUE(root && boot_image);
    fs::copy_file(*boot_image, *root, fs::copy_options::overwrite_existing);
    EXPECT_THAT(failure_of("prepare-update", "prepare"), HasSubstr(root->filename().native()));
    restore();
    fs::resize_file(*boot_image, fs::file_size(*boot_image) / 2);
    EXPECT_THAT(failure_of("prepare-update", "prepare"), HasSubstr(boot_image->filename().native()));
    restore();

    // An older state of the repository than the machine has seen.
    ASSERT_TRUE(succeeds(repository_->add(*releases_, "1.2.0", {"1.1.0"})));
    expect_success("refresh-updates", "refresh");
    restore();
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("version"));

    // A state that was right once, and that somebody keeps the machine on.
    ASSERT_TRUE(succeeds(repository_->run({"refresh"}))); // The version that the machine has seen,
    ASSERT_TRUE(succeeds(repository_->run({"refresh"}))); // and one more.
    expect_success("refresh-updates", "refresh");
    ASSERT_TRUE(succeeds(machine_->shell("date --set='+60 days'")));
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("expired"));

    EXPECT_EQ(version(), "1.0.0");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set A")) << "before: " << before;
    fs::remove_all(good);
}

TEST_F(Update, GoesOnAfterACancelAndAPowerCutInTheDownload)
{
    serve({"1.0.0", "1.1.0"});
    boot();
    expect_success("refresh-updates", "refresh");
    ASSERT_TRUE(succeeds(server_->limit_rate(200'000)));
    start_download();
    typed("apiclient update cancel");
    const auto status = wait_for_record("prepare");
    EXPECT_EQ(status.value("cmd_status", ""), "Failed") << to_text(status);

    start_download();
    ASSERT_TRUE(succeeds(machine_->cut_power()));
    ASSERT_TRUE(succeeds(server_->limit_rate(0)));
    ASSERT_TRUE(succeeds(machine_->boot()));
    EXPECT_EQ(version(), "1.0.0") << "a set that is half written does not boot";
    wait_until_proven();
    expect_success("refresh-updates", "refresh");
    expect_success("prepare-update", "prepare");
    // start_download waits for 3 %; some of that was not on the disk yet when the power went.
    EXPECT_GT(number_in_log("set filled", "kept") * 100, number_in_log("set filled", "bytes"))
        << "what an interrupted update left behind is used";
    expect_success("activate-update", "activate");
    reboot();
    EXPECT_EQ(version(), "1.1.0");
}

TEST_F(Update, ComesThroughAProxyAndFromAFile)
{
    serve({"1.0.0", "1.1.0"});
    machine_.emplace(this_test());
    const auto disc = machine_->directory() / "repository.iso";
    ASSERT_TRUE(succeeds(io::run_checked(
        machine_->processes(), {.arguments = {"xorriso", "-as", "mkisofs", "-quiet", "-rock", "-o",
                                              disc.native(), repository_->folder().native()}})));
    machine_->options.cd_rom = disc;
    start_machine();
    // Only the proxy knows this host: to nginx a request with a whole URL is as good as any.
    ASSERT_TRUE(succeeds(machine_->set(
        {{"network", {{"https-proxy", server_->url_for_guest()}}},
         {"updates",
          {{"metadata-base-url", "http://updates.test" + variant_path()},
           {"targets-base-url", "http://updates.test/targets"}}}})));
    EXPECT_EQ(state_after_refresh(), "Available");
    // With a proxy containerd is started a second time while the machine boots.
    wait_until_proven();
    expect_success("prepare-update", "prepare");

    // No network at all: the repository on a disc.
    server_.reset();
    EXPECT_NE(failure_of("refresh-updates", "refresh"), "");
    ASSERT_TRUE(succeeds(machine_->shell(
        "dd if=/dev/zero of=/dev/disk/by-partlabel/HOLDFAST-ROOT-B bs=1M count=32 conv=fsync")));
    ASSERT_TRUE(succeeds(machine_->shell("mount -o ro /dev/sr0 /mnt")));
    ASSERT_TRUE(succeeds(machine_->set(
        {{"updates",
          {{"metadata-base-url", "file:///mnt" + variant_path()},
           {"targets-base-url", "file:///mnt/targets"}}}})));
    EXPECT_EQ(state_after_refresh(), "Staged");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    reboot();
    EXPECT_EQ(version(), "1.1.0");
    wait_until_proven();
}

TEST_F(Update, WaitsForItsWaveAndIsCancelled)
{
    serve({"1.0.0"});
    boot({{"updates", {{"seed", 1500}}}});
    ASSERT_TRUE(succeeds(
        write_policy("[[waves]]\nstart_after = \"1 hour\"\nfleet_percentage = 10\n"
                     "[[waves]]\nstart_after = \"1 day\"\nfleet_percentage = 100\n")));
    ASSERT_TRUE(succeeds(
        repository_->add(*releases_, "1.1.0", {"1.0.0"}, {"--wave-policy", policy()})));
    EXPECT_EQ(state_after_refresh(), "Idle");
    // Due at any time for who does not wait.
    ASSERT_TRUE(succeeds(machine_->set({{"updates", {{"ignore-waves", true}}}})));
    EXPECT_EQ(state_after_refresh(), "Available");
    ASSERT_TRUE(succeeds(machine_->set({{"updates", {{"ignore-waves", false}}}})));
    EXPECT_EQ(state_after_refresh(), "Idle");
    // And for who has waited.
    ASSERT_TRUE(succeeds(machine_->shell("date --set='+1 day'")));
    EXPECT_EQ(state_after_refresh(), "Available");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set B"));
    const auto refused = machine_->api("POST", "/actions/rollback-update");
    ASSERT_TRUE(succeeds(refused));
    EXPECT_EQ(refused->status, 409);
    EXPECT_THAT(refused->body, HasSubstr("has not been tried yet"));
    expect_success("deactivate-update", "deactivate");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set A"));
    // What is staged stays so when the server is gone.
    server_.reset();
    EXPECT_NE(failure_of("prepare-update", "prepare"), "");
    expect_success("activate-update", "activate");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set B"));
}

/// On variants without a console, too: all of it through the API.
class UpdateByTheApi : public Update {
protected:
    static void SetUpTestSuite()
    {
        auto built = Releases::build({"1.0.0", "1.1.0"});
        ASSERT_TRUE(succeeds(built));
        releases_.emplace(*std::move(built));
    }
};

machine::Identity identity(machine::Role role, const machine::Identity* issuer)
{
    auto made = machine::make_identity(role, "Updates", machine::ten_years(std::chrono::system_clock::now()),
                                       issuer);
    EXPECT_TRUE(succeeds(made));
    return made.has_value() ? *std::move(made) : machine::Identity{};
}

/// From a server whose authority only a setting makes known.
TEST_F(UpdateByTheApi, GoesToTheNextVersionAndBack)
{
    serve({"1.0.0", "1.1.0"});
    const auto authority = identity(machine::Role::authority, nullptr);
    const auto certificate = identity(machine::Role::server, &authority);
    ASSERT_NO_FATAL_FAILURE(start_server(&certificate));
    machine_.emplace(this_test());
    start_machine();
    ASSERT_TRUE(succeeds(machine_->set(chosen_settings())));
    use_server();
    ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
    wait_until_proven();
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("certificate"));
    ASSERT_TRUE(succeeds(machine_->set(
        {{"pki",
          {{"updates", {{"data", to_base64(authority.certificate)}, {"trusted", true}}}}}})));
    ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
    machine_->clock().sleep(1s); // Records are told apart by their time.
    prepare_and_activate();
    reboot();
    EXPECT_EQ(version(), "1.1.0");
    EXPECT_EQ(motd(), migrated_settings("1.1.0").value("motd", ""));
    wait_until_proven();

    ASSERT_NO_FATAL_FAILURE(roll_back());
    reboot();
    EXPECT_EQ(version(), "1.0.0");
    EXPECT_EQ(motd(), migrated_settings("1.0.0").value("motd", ""));
}

/// For `./holdfast bench update`; no part of the tests.
class UpdateTimes : public Update {
protected:
    UpdateTimes()
    {
        host_containers_ = true;
        cpus_ = 2;
    }

    using Seconds = std::chrono::duration<double>;

    /// Until the API answers for this version.
    Seconds until_version(const std::string& wanted)
    {
        const auto start = machine_->clock().monotonic_now();
        while (machine_->clock().monotonic_now() < start + 2 * boot_limit) {
            const auto os = machine_->get("/os");
            if (os && os->value("version_id", "") == wanted) {
                return machine_->clock().monotonic_now() - start;
            }
            machine_->clock().sleep(250ms);
        }
        ADD_FAILURE() << wanted << " did not come up";
        return {};
    }
};

TEST_F(UpdateTimes, OfAnUpdateAndAFallBack)
{
    serve({"1.0.0", "1.1.0"});
    boot();
    ASSERT_TRUE(succeeds(machine_->shell("apiclient update check", boot_limit)));
    ASSERT_TRUE(succeeds(machine_->console().type("apiclient update apply --reboot\n")));
    const auto updated = until_version("1.1.0");
    wait_until_proven();

    ASSERT_TRUE(succeeds(repository_->add(*releases_, "1.9.0", {"1.1.0"})));
    ASSERT_TRUE(succeeds(machine_->set({{"motd", "panic"}})));
    ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
    prepare_and_activate();
    ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
    ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set A", boot_limit)));
    ASSERT_TRUE(succeeds(machine_->console().wait_for("Kernel panic", boot_limit)));
    const auto back = until_version("1.1.0");
    std::printf("from `update apply` to the API of the new version   %6.1f s\n"
                "from a failed boot to the API of the old version    %6.1f s\n",
                updated.count(), back.count());
}

} // namespace
} // namespace holdfast::vm
