#include "api/server/handlers.hpp"

#include "base/text.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_random.hpp"
#include "settings/types/pem_samples.hpp"
#include "store/migration/notes.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace holdfast::api {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* variant = R"({"variant": "metal-dev",
    "groups": ["motd", "ntp", "kernel", "network", "host-containers", "api"],
    "settings": {"motd": "Welcome", "ntp": {"time-servers": ["time.example.org"]}}})";

constexpr const char* os_release = "NAME=Holdfast\n# comment\nPRETTY_NAME=\"Holdfast OS 1.0.0 "
                                   "(metal-dev)\"\nVARIANT_ID=metal-dev\nVERSION_ID=1.0.0\n"
                                   "BUILD_ID=0123abcd\n";

class FakeApplier final : public Applier {
public:
    void announce(std::vector<std::string> keys) override
    {
        announced = std::move(keys);
        at_announcement();
    }
    void withdraw() override { announced.clear(); }
    void start(std::optional<std::vector<std::string>> keys) override
    {
        started.push_back(keys.value_or(std::vector<std::string>{"ALL"}));
    }
    Json status() override { return last; }
    void record(Json result) override { last = std::move(result); }

    std::vector<std::string> announced;
    std::function<void()> at_announcement = [] {};
    std::vector<std::vector<std::string>> started;
    Json last = {{"state", "none"}};
};

class HandlersTest : public testing::Test {
protected:
    HandlersTest()
        : directory_(make_directory()), model_(*settings::Model::load(variant)),
          store_(*store::Store::open(directory_, clock_)),
          context_{store_, model_, applier_, files_, processes_, random_}
    {
        files_.put("/etc/os-release", os_release);
        EXPECT_TRUE(store_.adopt_image("1.0.0", model_.defaults()).has_value());
        add_settings_handlers(router_, context_);
        add_transaction_handlers(router_, context_);
        add_model_handlers(router_, context_);
        add_action_handlers(router_, context_);
    }
    ~HandlersTest() override { std::filesystem::remove_all(directory_); }

    static std::filesystem::path make_directory()
    {
        std::string pattern = testing::TempDir() + "holdfast-api-XXXXXX";
        return ::mkdtemp(pattern.data());
    }

    Response ask(const std::string& method, const std::string& target, const std::string& body = "",
                 std::uint32_t uid = 0, LocalSocket socket = LocalSocket::services)
    {
        auto parsed = parse_target(target);
        EXPECT_TRUE(parsed.has_value());
        return router_.handle(
            {method, *std::move(parsed), "application/json; charset=utf-8", body, Caller{uid, "", socket}});
    }
    Json get(const std::string& target)
    {
        const auto response = ask("GET", target);
        EXPECT_EQ(response.status, 200) << target << ": " << response.body;
        return parse_json(response.body).value_or(Json());
    }
    void set(const std::string& settings, const std::string& query = "")
    {
        const auto patched = ask("PATCH", "/settings?tx=t" + query, settings);
        ASSERT_EQ(patched.status, 204) << patched.body;
        ASSERT_EQ(ask("POST", "/tx/commit?tx=t").status, 200);
    }

    std::filesystem::path directory_;
    io::FakeClock clock_;
    io::FakeFiles files_;
    io::FakeProcesses processes_;
    io::FakeRandom random_;
    settings::Model model_;
    store::Store store_;
    FakeApplier applier_;
    Context context_;
    Router router_;
};

TEST_F(HandlersTest, SettingsAreUnwrappedAndLive)
{
    EXPECT_EQ(get("/settings")["motd"], "Welcome");
    ASSERT_EQ(ask("PATCH", "/settings", R"({"motd": "new"})").status, 204);
    EXPECT_EQ(get("/settings")["motd"], "Welcome") << "not before the commit";
    EXPECT_EQ(get("/tx")["motd"], "new");
    const auto committed = ask("POST", "/tx/commit");
    EXPECT_EQ(committed.status, 200);
    EXPECT_EQ(committed.body, R"(["settings.motd"])");
    EXPECT_EQ(get("/settings")["motd"], "new");
    EXPECT_THAT(applier_.started, IsEmpty()) << "commit alone applies nothing";
}

TEST_F(HandlersTest, APatchIsAllOrNothing)
{
    const auto refused = ask("PATCH", "/settings?tx=a", R"({"motd": "x", "motdd": "y"})");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.content_type, StartsWith("text/plain"));
    EXPECT_THAT(refused.body, HasSubstr("motdd"));
    EXPECT_EQ(get("/tx?tx=a"), Json::object());
    EXPECT_EQ(get("/tx/list"), Json::array());
}

TEST_F(HandlersTest, BodiesMustBeJsonAndSayIt)
{
    EXPECT_EQ(ask("PATCH", "/settings", "{").status, 400);
    const Request plain{"PATCH", *parse_target("/settings"), "text/plain", "{}", Caller{0U, ""}};
    EXPECT_EQ(router_.handle(plain).status, 400);
    EXPECT_EQ(ask("PATCH", "/settings", std::string((2U << 20) + 1, ' ')).status, 413);
}

/// api.md §2: no path has a slash at its end, and a known path with another method is as unknown.
TEST_F(HandlersTest, OtherSpellingsAndOtherMethodsAreNotFound)
{
    for (const auto* path : {"/settings/", "//settings", "/tx/", "/os/", "/nothing"}) {
        EXPECT_EQ(ask("GET", path).status, 404) << path;
    }
    for (const auto* method : {"PUT", "POST", "DELETE", "HEAD", "get"}) {
        EXPECT_EQ(ask(method, "/settings").status, 404) << method;
    }
    EXPECT_EQ(ask("GET", "/tx/commit").status, 404);
}

TEST_F(HandlersTest, SecretsAreForTheMachinesOwnServices)
{
    const auto key = to_base64(settings::sample_key);
    const auto body = to_text({{"api", {{"remote", {{"server-key", key}}}}}});
    ASSERT_EQ(ask("PATCH", "/settings?tx=t", body).status, 204);
    for (const auto* path : {"/tx?tx=t", "/v2/tx?tx=t"}) {
        EXPECT_THAT(ask("GET", path, "", 1000).body, Not(HasSubstr(key))) << path;
        EXPECT_THAT(ask("GET", path, "", 0).body, HasSubstr(key)) << path;
    }
    ASSERT_EQ(ask("POST", "/tx/commit?tx=t").status, 200);
    for (const auto* path : {"/settings", "/", "/?prefix=settings.api", "/settings?prefix=api",
                             "/settings/provenance",
                             "/settings?keys=settings.api.remote.server-key"}) {
        EXPECT_THAT(ask("GET", path, "", 1000).body, Not(HasSubstr(key))) << path;
        EXPECT_THAT(ask("GET", path, "", 0).body, HasSubstr(key)) << path;
    }
    EXPECT_THAT(ask("GET", "/settings", "", 0, LocalSocket::common).body, Not(HasSubstr(key)))
        << "root of a container";
    EXPECT_THAT(ask("GET", "/settings/provenance", "", 1000).body, HasSubstr("server-key"))
        << "who set it is no secret";
}

TEST_F(HandlersTest, ACommitOfWhatDoesNotFitTogetherIsRefused)
{
    const std::string enable = R"({"api": {"remote": {"enabled": true}}})";
    ASSERT_EQ(ask("PATCH", "/settings?tx=t", enable).status, 204);
    for (const auto* path : {"/tx/commit?tx=t", "/tx/commit_and_apply?tx=t"}) {
        const auto refused = ask("POST", path);
        EXPECT_EQ(refused.status, 400);
        EXPECT_THAT(refused.body, HasSubstr("settings.api.remote.client-ca: expected a certificate"));
    }
    EXPECT_EQ(get("/settings")["api"]["remote"]["enabled"], false);
    EXPECT_THAT(applier_.started, IsEmpty());

    const auto certificate = to_base64(settings::sample_certificate);
    const Json rest = {{"client-ca", certificate},
                       {"server-certificate", certificate},
                       {"server-key", to_base64(settings::sample_key)}};
    set(to_text({{"api", {{"remote", rest}}}}));
    EXPECT_EQ(get("/settings")["api"]["remote"]["enabled"], true);

    const auto unset = ask("POST", "/actions/unset", R"({"keys": ["settings.api.remote.server-key"]})");
    EXPECT_EQ(unset.status, 400);
    EXPECT_THAT(unset.body, HasSubstr("settings.api.remote.server-key: expected a private key"));
    EXPECT_EQ(get("/tx/list"), Json::array());
    EXPECT_EQ(get("/settings")["api"]["remote"]["server-key"], rest["server-key"]);
}

TEST_F(HandlersTest, UserDataThatDoesNotFitTogetherKeepsNobodyFromBootingAndChangingTheRest)
{
    set(R"({"api": {"remote": {"enabled": true}}})", "&source=user-data");
    EXPECT_EQ(get("/settings")["api"]["remote"]["enabled"], true);
    set(R"({"motd": "other"})");
    ASSERT_EQ(ask("PATCH", "/settings?tx=t", R"({"api": {"remote": {"port": 1}}})").status, 204);
    EXPECT_EQ(ask("POST", "/tx/commit?tx=t").status, 400);
    set(R"({"api": {"remote": {"enabled": false}}})");
}

TEST_F(HandlersTest, PairsAreTypedByTheServer)
{
    ASSERT_EQ(ask("PATCH", "/settings/keypair?tx=t",
                  R"({"request_payload": ["settings.motd=a=b", "api.remote.port=1234"]})")
                  .status,
              204);
    const auto pending = get("/tx?tx=t");
    EXPECT_EQ(pending["motd"], "a=b");
    EXPECT_EQ(pending["api"]["remote"]["port"], 1234);

    const auto no_equals = ask("PATCH", "/settings/keypair", R"({"request_payload": ["motd"]})");
    EXPECT_EQ(no_equals.status, 400);
    EXPECT_THAT(no_equals.body, StartsWith("Failed to split the string: motd"));
    const auto bad_type =
        ask("PATCH", "/settings/keypair", R"({"request_payload": ["api.remote.port=x"]})");
    EXPECT_EQ(bad_type.status, 400);
    EXPECT_THAT(bad_type.body, StartsWith("Unable to match your input to the data model.  We may "
                                          "not have enough type information.  Please try the "
                                          "--json input form.  Cause: "));
}

TEST_F(HandlersTest, KeysChooseExactNamesAndUnsetOnesAreLeftOut)
{
    EXPECT_EQ(get("/settings?keys=settings.motd,settings.network.hostname"),
              Json({{"motd", "Welcome"}}));
    EXPECT_EQ(get("/settings?keys=settings.motd&prefix=settings.ntp"), Json({{"motd", "Welcome"}}))
        << "keys come before prefix";
    EXPECT_EQ(ask("GET", "/settings?keys=").body, "Input 'keys' cannot be empty");
    EXPECT_EQ(ask("GET", "/settings?keys=a..b").status, 400);
    EXPECT_THAT(ask("GET", "/settings?keys=a..b").body,
                StartsWith("Unable to make data key 'a..b'"));
}

TEST_F(HandlersTest, PrefixIsTextualAndMayLeaveOutTheResource)
{
    EXPECT_EQ(get("/settings?prefix=mo"), Json({{"motd", "Welcome"}}));
    EXPECT_EQ(get("/settings?prefix=settings.motd"), Json({{"motd", "Welcome"}}));
    EXPECT_EQ(get("/settings?prefix=nothing"), Json::object());
    EXPECT_EQ(ask("GET", "/settings?prefix=").status, 400);
    EXPECT_EQ(ask("GET", "/settings?prefix=a%20b").status, 400);
    EXPECT_EQ(get("/os?prefix=ver"), Json({{"version_id", "1.0.0"}}));
}

TEST_F(HandlersTest, RootShowsTheWholeModelOrTheMatchingParts)
{
    const auto whole = get("/");
    EXPECT_EQ(whole.size(), 4U);
    EXPECT_EQ(whole["os"]["pretty_name"], "Holdfast OS 1.0.0 (metal-dev)");
    EXPECT_EQ(get("/?prefix=settings.motd"), Json({{"settings", {{"motd", "Welcome"}}}}));
    EXPECT_EQ(get("/?prefix=set").size(), 1U);
    EXPECT_EQ(get("/?prefix=os."), Json({{"os", whole["os"]}}));
    EXPECT_EQ(get("/?prefix=zzz"), Json::object());
}

TEST_F(HandlersTest, CommitWithNothingPendingIs422)
{
    const auto response = ask("POST", "/tx/commit?tx=unknown");
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(response.body, "Tried to commit with no pending changes");
}

TEST_F(HandlersTest, CommitAndApplyStartsTheApplierWithTheChangedKeys)
{
    ASSERT_EQ(ask("PATCH", "/settings?tx=t", R"({"motd": "x"})").status, 204);
    EXPECT_EQ(ask("POST", "/tx/commit_and_apply?tx=t").body, R"(["settings.motd"])");
    EXPECT_EQ(ask("POST", "/tx/apply?keys=settings.motd,settings.ntp.time-servers").status, 204);
    EXPECT_EQ(ask("POST", "/tx/apply").status, 204);
    EXPECT_THAT(applier_.started,
                ElementsAre(ElementsAre("settings.motd"),
                            ElementsAre("settings.motd", "settings.ntp.time-servers"),
                            ElementsAre("ALL")));
}

TEST_F(HandlersTest, TheApplierHearsOfKeysBeforeTheyAreLiveAndOfNoneThatWereRefused)
{
    set(R"({"motd": "old"})");
    std::vector<std::string> live;
    applier_.at_announcement = [&] {
        live.push_back(store_.live().at("settings.motd").value);
        EXPECT_THAT(applier_.started, testing::SizeIs(live.size() - 1));
    };
    ASSERT_EQ(ask("PATCH", "/settings?tx=t", R"({"motd": "new"})").status, 204);
    ASSERT_EQ(ask("POST", "/tx/commit_and_apply?tx=t").status, 200);
    EXPECT_THAT(applier_.announced, ElementsAre("settings.motd"));
    ASSERT_EQ(ask("POST", "/actions/unset", R"({"keys": ["settings.motd"]})").status, 200);
    EXPECT_THAT(live, ElementsAre("\"old\"", "\"new\""));

    ASSERT_EQ(ask("PATCH", "/settings?tx=t", R"({"api": {"remote": {"enabled": true}}})").status,
              204);
    ASSERT_EQ(ask("POST", "/tx/commit_and_apply?tx=t").status, 400);
    EXPECT_THAT(applier_.announced, IsEmpty());
}

TEST_F(HandlersTest, WeakOverStrongIs500AndChangesNothing)
{
    set(R"({"motd": "strong"})");
    ASSERT_EQ(ask("PATCH", "/settings?tx=w&strength=weak", R"({"motd": "weak"})").status, 204);
    EXPECT_EQ(get("/v2/tx?tx=w"),
              Json({{"settings", {{"motd", "weak"}}},
                    {"metadata", {{"settings.motd", {{"strength", "\"weak\""}}}}}}));
    const auto response = ask("POST", "/tx/commit?tx=w");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body,
                HasSubstr("Cannot change setting settings.motd from strong to weak"));
    EXPECT_EQ(get("/settings")["motd"], "strong");
    EXPECT_EQ(ask("PATCH", "/settings?strength=medium", "{}").status, 400);
}

TEST_F(HandlersTest, DeleteForgetsATransaction)
{
    ASSERT_EQ(ask("PATCH", "/settings?tx=t", R"({"motd": "x"})").status, 204);
    EXPECT_EQ(get("/tx/list"), Json({"t"}));
    EXPECT_EQ(ask("DELETE", "/tx?tx=t").body, R"(["settings.motd"])");
    EXPECT_EQ(ask("DELETE", "/tx?tx=t").body, "[]");
}

TEST_F(HandlersTest, UnsetReturnsToWhatItWouldBeAndApplies)
{
    set(R"({"motd": "from user data"})", "&source=user-data&who=20-local-user-data");
    set(R"({"motd": "from the API"})");
    EXPECT_EQ(get("/settings")["motd"], "from the API");

    const auto response = ask("POST", "/actions/unset", R"({"keys": ["settings.motd"]})");
    EXPECT_EQ(response.body, R"(["settings.motd"])");
    EXPECT_EQ(get("/settings")["motd"], "from user data");
    EXPECT_THAT(applier_.started, ElementsAre(ElementsAre("settings.motd")));

    EXPECT_EQ(ask("POST", "/actions/unset", R"({"keys": ["settings.motd"]})").status, 404);
    EXPECT_EQ(ask("POST", "/actions/unset", R"({"keys": []})").status, 400);
}

TEST_F(HandlersTest, ProvenanceNamesSourceAndWhatItCovers)
{
    set(R"({"motd": "x"})", "&source=user-data&who=30-cd-rom");
    const auto told = get("/settings/provenance?keys=settings.motd")["settings.motd"];
    EXPECT_EQ(told["value"], "x");
    EXPECT_EQ(told["source"], "user-data");
    EXPECT_EQ(told["who"], "30-cd-rom");
    EXPECT_EQ(told["when"], "2024-01-01T00:00:00Z");
    EXPECT_EQ(told["strength"], "strong");
    EXPECT_EQ(told["covers"][0]["source"], "default");
    EXPECT_EQ(told["covers"][0]["value"], "Welcome");
    EXPECT_TRUE(get("/settings/provenance").contains("settings.ntp.time-servers"));
}

TEST_F(HandlersTest, OnlyRootWritesAsAnotherSource)
{
    EXPECT_EQ(ask("PATCH", "/settings?source=user-data", R"({"motd": "x"})", 1000).status, 400);
    EXPECT_EQ(ask("PATCH", "/settings?source=user-data", R"({"motd": "x"})", 0, LocalSocket::common)
                  .status,
              400);
    EXPECT_EQ(ask("PATCH", "/settings?source=default", R"({"motd": "x"})").status, 400);
    ASSERT_EQ(ask("PATCH", "/settings", R"({"motd": "x"})", 1000).status, 204);
    ASSERT_EQ(ask("POST", "/tx/commit").status, 200);
    EXPECT_EQ(get("/settings/provenance?keys=settings.motd")["settings.motd"]["who"], "uid=1000");
    EXPECT_EQ(get("/settings/changes")[0]["who"], "uid=1000");
}

TEST_F(HandlersTest, ServicesAndFilesGoByNameOrPrefix)
{
    EXPECT_EQ(get("/services?names=ntp")["ntp"]["configuration-files"], Json({"chrony-conf"}));
    const auto unknown = ask("GET", "/services?names=ntp,nope");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.body, "Found no 'services.nope' in datastore");
    EXPECT_TRUE(get("/services").contains("ntp"));
    EXPECT_EQ(get("/services?prefix=nt").size(), 1U);
    EXPECT_EQ(get("/services?prefix=zz"), Json::object());
    EXPECT_EQ(get("/configuration-files?names=chrony-conf")["chrony-conf"]["path"],
              "/etc/chrony.conf");
    EXPECT_EQ(ask("GET", "/configuration-files?names=").status, 400);
}

TEST_F(HandlersTest, MetadataNeedsKeysAndLeavesOutUnknownOnes)
{
    EXPECT_EQ(ask("GET", "/metadata/affected-services").body, "Missing required input 'keys'");
    EXPECT_EQ(get("/metadata/affected-services?keys=settings.ntp.time-servers,settings.zzz"),
              Json({{"settings.ntp.time-servers", {"ntp"}}}));
    EXPECT_EQ(get("/metadata/templates?keys=settings.motd"), Json::object());
}

TEST_F(HandlersTest, RebootGoesThroughSystemd)
{
    processes_.answer("/usr/bin/systemctl reboot", io::Outcome{});
    processes_.answer("/usr/bin/systemctl reboot", io::Outcome{1, "", "inhibited"});
    EXPECT_EQ(ask("POST", "/actions/reboot").status, 204);
    EXPECT_THAT(processes_.command_lines(),
                ElementsAre("/usr/bin/systemctl reboot --check-inhibitors=yes"));
    EXPECT_EQ(ask("POST", "/actions/reboot").status, 500);
}

TEST_F(HandlersTest, UserDataReportIsKeptInTheStore)
{
    EXPECT_EQ(get("/reports/user-data"), Json({{"providers", Json::array()}}));
    EXPECT_EQ(ask("POST", "/reports/user-data", R"({"providers": [1]})", 1000).status, 400);
    EXPECT_EQ(ask("POST", "/apply/status", "{}", 0, LocalSocket::common).status, 400);
    EXPECT_EQ(ask("POST", "/reports/user-data", R"({"providers": [1]})").status, 204);
    EXPECT_EQ(get("/reports/user-data"), Json({{"providers", {1}}}));
    EXPECT_THAT(*store_.note("report/user-data"), HasSubstr("providers"));
}

TEST_F(HandlersTest, RefusedSettingsAreToldWithoutTheirValues)
{
    EXPECT_EQ(get("/reports/refused-settings")["settings"], Json::array());
    const store::Aside aside{{{"settings.motd", store::Source::api},
                              {{"\"secret\"", {store::Source::api, "uid=0", {}}},
                               "settings.motd: expected a number"}}};
    ASSERT_TRUE(store_.set_note(store::aside_note, store::aside_text(aside)));
    EXPECT_EQ(get("/reports/refused-settings")["settings"],
              Json::array({{{"key", "settings.motd"},
                            {"source", "api"},
                            {"who", "uid=0"},
                            {"when", "1970-01-01T00:00:00Z"},
                            {"problem", "settings.motd: expected a number"}}}));
}

TEST_F(HandlersTest, ApplyStatusShowsTheLastRunAndTakesTheBoots)
{
    EXPECT_EQ(get("/apply/status")["state"], "none");
    EXPECT_EQ(ask("POST", "/apply/status", R"({"state": "failed"})").status, 204);
    EXPECT_EQ(get("/apply/status")["state"], "failed");
}

TEST_F(HandlersTest, SchemaDescribesTheSettings)
{
    EXPECT_THAT(to_text(get("/settings/schema")), HasSubstr("motd"));
}

/// What tools outside read must not change unseen. GOLDEN_REWRITE=1 rewrites the file.
TEST_F(HandlersTest, RepliesAreAsRecorded)
{
    set(R"({"motd": "golden"})");
    Json replies = Json::object();
    for (const auto* target :
         {"/os", "/settings?prefix=motd", "/?prefix=settings.ntp", "/services?names=ntp",
          "/configuration-files?names=chrony-conf,api-remote", "/tx/list",
          "/settings/provenance?keys=settings.motd", "/settings/changes",
          "/metadata/affected-services?keys=settings.motd", "/v2/metadata/setting-generators",
          "/metadata/setting-generators", "/reports/user-data", "/reports/refused-settings",
          "/apply/status",
          "/services?names=nope", "/settings?keys=", "/nowhere"}) {
        const auto response = ask("GET", target);
        const auto body = parse_json(response.body);
        replies[target] = {{"status", response.status},
                           {"type", response.content_type},
                           {"body", body.has_value() ? *body : Json(response.body)}};
    }
    const auto text = to_pretty_text(replies) + "\n";
    const std::string golden = "src/api/server/golden_replies.json";
    const char* rewrite = std::getenv("GOLDEN_REWRITE");
    if (rewrite != nullptr && *rewrite != '\0') {
        std::ofstream(golden) << text;
    }
    std::ostringstream recorded;
    recorded << std::ifstream(golden).rdbuf();
    EXPECT_EQ(text, recorded.str());
}

} // namespace

} // namespace holdfast::api
