// Updates from a web server, and what becomes of those that go wrong.

#include "releases.hpp"
#include "web_server.hpp"

#include <format>
#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto variant_path = "/metadata/metal-dev/x86_64";

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
    void start_server()
    {
        auto server = WebServer::start(
            repository_->folder(),
            std::filesystem::path("/src/holdfast/out/test-logs") / (this_test() + "-server"));
        ASSERT_TRUE(succeeds(server));
        server_.emplace(*std::move(server));
    }
    /// Boots 1.0.0 and tells it where updates are.
    void boot(Json more = Json::object())
    {
        machine_.emplace(this_test());
        machine_->image = releases_->image("1.0.0");
        ASSERT_TRUE(succeeds(machine_->boot()));
        ASSERT_TRUE(succeeds(machine_->set({{"motd", "of 1.0.0"}})));
        use_server();
        if (!more.empty()) {
            ASSERT_TRUE(succeeds(machine_->set(more)));
        }
        ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
        // Until it has proved itself, the other set is what it would fall back to.
        ASSERT_TRUE(succeeds(wait_for_flags("successful=true")));
    }
    void use_server()
    {
        const auto url = server_->url_for_guest();
        ASSERT_TRUE(succeeds(machine_->set({{"updates",
                                             {{"metadata-base-url", url + variant_path},
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
        ADD_FAILURE() << action << " did not end in time";
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

    void reboot()
    {
        ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
        ASSERT_TRUE(succeeds(machine_->running().wait_for_reset(90s)));
        ASSERT_TRUE(succeeds(machine_->wait_for_api()));
    }
    std::string version()
    {
        const auto os = machine_->get("/os");
        EXPECT_TRUE(succeeds(os));
        return os ? os->value("version_id", "") : "";
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
    /// Until the active set's line says so.
    Result<void> wait_for_flags(const std::string& text)
    {
        std::string last;
        for (int attempt = 0; attempt < 120; ++attempt) {
            last = flags();
            const auto line = last.find(last.contains("Active:  Set A") ? "Set A:" : "Set B:");
            if (line != last.npos && last.substr(line, last.find('\n', line) - line).contains(text)) {
                return {};
            }
            machine_->clock().sleep(1s);
        }
        return fail(Errc::timeout, "the active set is not {}: {}", text, last);
    }

    static std::optional<Releases> releases_;
    std::optional<Repository> repository_;
    std::optional<WebServer> server_;
    std::optional<TestMachine> machine_;
};

std::optional<Releases> Update::releases_;

TEST_F(Update, GoesFromVersionToVersionAndBack)
{
    serve({"1.0.0", "1.1.0"});
    boot();

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
    EXPECT_EQ(motd(), "of 1.1.0") << "the settings have followed";
    ASSERT_TRUE(succeeds(wait_for_flags("successful=true")));

    // And through the API, into the set that 1.0.0 was in.
    ASSERT_TRUE(succeeds(repository_->add(*releases_, "1.2.0", {"1.1.0"})));
    expect_success("refresh-updates", "refresh");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    reboot();
    EXPECT_EQ(version(), "1.2.0");
    EXPECT_EQ(motd(), "of 1.2.0");
    ASSERT_TRUE(succeeds(wait_for_flags("successful=true")));

    // Back on purpose: needs no server.
    server_.reset();
    const auto back = machine_->api("POST", "/actions/rollback-update");
    ASSERT_TRUE(succeeds(back));
    EXPECT_EQ(back->status, 204) << back->body;
    reboot();
    EXPECT_EQ(version(), "1.1.0");
    EXPECT_EQ(motd(), "of 1.1.0");
}

TEST_F(Update, IsLeftWhenItsHealthCheckFails)
{
    serve({"1.0.0", "1.1.0"});
    boot();
    // A service that 1.1.0 will not have.
    ASSERT_TRUE(succeeds(machine_->set(
        {{"boot-health", {{"units", {"no-such.service"}}, {"timeout", 15}}}})));
    expect_success("refresh-updates", "refresh");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    ASSERT_TRUE(succeeds(machine_->api("POST", "/actions/reboot")));
    ASSERT_TRUE(succeeds(machine_->running().wait_for_reset(90s)));
    ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set B", boot_limit)));
    ASSERT_TRUE(succeeds(machine_->console().wait_for("starting set A", boot_limit)));
    ASSERT_TRUE(succeeds(machine_->wait_for_api()));
    EXPECT_EQ(version(), "1.0.0");
    EXPECT_EQ(motd(), "of 1.0.0");
    std::string reason;
    for (int attempt = 0; attempt < 60 && !reason.contains("no-such.service"); ++attempt) {
        const auto told = machine_->get("/updates/last-fall-back");
        reason = told ? to_text(*told) : told.error().message();
        machine_->clock().sleep(1s);
    }
    EXPECT_THAT(reason, HasSubstr("no-such.service"));
    EXPECT_THAT(reason, HasSubstr("1.1.0"));
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
    ASSERT_TRUE(succeeds(foreign->add(*releases_, "1.1.0", {})));
    fs::remove_all(repository_->folder() / "metadata");
    fs::copy(foreign->folder() / "metadata", repository_->folder() / "metadata",
             fs::copy_options::recursive);
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("sign"));
    restore();

    // A target with other bytes.
    expect_success("refresh-updates", "refresh");
    auto root = repository_->target("1.1.0", "-root.erofs");
    auto boot_image = repository_->target("1.1.0", "-boot.efi");
    ASSERT_TRUE(root && boot_image);
    fs::copy_file(*boot_image, *root, fs::copy_options::overwrite_existing);
    EXPECT_NE(failure_of("prepare-update", "prepare"), "");
    restore();

    // An older state of the repository than the machine has seen.
    ASSERT_TRUE(succeeds(repository_->add(*releases_, "1.2.0", {"1.1.0"})));
    expect_success("refresh-updates", "refresh");
    restore();
    EXPECT_THAT(failure_of("refresh-updates", "refresh"), HasSubstr("version"));

    EXPECT_EQ(version(), "1.0.0");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set A")) << "before: " << before;
    fs::remove_all(good);
}

TEST_F(Update, GoesOnAfterAPowerCutInTheDownload)
{
    serve({"1.0.0", "1.1.0"});
    boot();
    expect_success("refresh-updates", "refresh");
    const auto start = server_->wire_bytes();
    ASSERT_TRUE(succeeds(start));
    ASSERT_TRUE(succeeds(server_->limit_rate(200'000)));
    const auto posted = machine_->api("POST", "/actions/prepare-update");
    ASSERT_TRUE(succeeds(posted));
    EXPECT_EQ(posted->status, 204) << posted->body;
    machine_->clock().sleep(10s);
    ASSERT_TRUE(succeeds(machine_->cut_power()));
    ASSERT_TRUE(succeeds(server_->limit_rate(0)));
    ASSERT_TRUE(succeeds(machine_->boot()));
    EXPECT_EQ(version(), "1.0.0") << "a set that is half written does not boot";
    ASSERT_TRUE(succeeds(wait_for_flags("successful=true")));
    expect_success("refresh-updates", "refresh");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    reboot();
    EXPECT_EQ(version(), "1.1.0");
}

TEST_F(Update, WaitsForItsWaveAndIsCancelled)
{
    serve({"1.0.0"});
    boot({{"updates", {{"seed", 1500}}}});
    const auto policy = machine_->directory() / "waves.toml";
    ASSERT_TRUE(succeeds(io::replace_file(
        machine_->files(), policy,
        "[[waves]]\nstart_after = \"1 hour\"\nfleet_percentage = 10\n"
        "[[waves]]\nstart_after = \"1 day\"\nfleet_percentage = 100\n")));
    ASSERT_TRUE(succeeds(repository_->add(
        *releases_, "1.1.0", {"1.0.0"},
        {"--wave-policy", policy.lexically_relative("/src/holdfast").native()})));
    expect_success("refresh-updates", "refresh");
    auto status = machine_->get("/updates/status");
    ASSERT_TRUE(succeeds(status));
    EXPECT_EQ(status->value("update_state", ""), "Idle") << to_text(*status);

    ASSERT_TRUE(succeeds(machine_->set({{"updates", {{"ignore-waves", true}}}})));
    ASSERT_TRUE(succeeds(machine_->wait_for_apply()));
    machine_->clock().sleep(1s); // Records are told apart by their time.
    expect_success("refresh-updates", "refresh");
    expect_success("prepare-update", "prepare");
    expect_success("activate-update", "activate");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set B"));
    expect_success("deactivate-update", "deactivate");
    EXPECT_THAT(flags(), HasSubstr("Next:    Set A"));
}

} // namespace
} // namespace holdfast::vm
