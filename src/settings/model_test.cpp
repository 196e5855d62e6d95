#include "settings/model.hpp"

#include "base/text.hpp"
#include "settings/types/pem_samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::settings {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view metal_dev = R"({
    "variant": "metal-dev",
    "groups": ["motd", "network", "ntp", "kernel", "host-containers", "pki", "api"],
    "settings": {"ntp": {"time-servers": ["2.debian.pool.ntp.org"]}, "kernel": {"lockdown": "none"}}
})";

class ModelOfADevVariant : public ::testing::Test {
protected:
    ModelOfADevVariant() : loaded_(Model::load(metal_dev)), model_(*loaded_) {}

    Result<Model> loaded_;
    const Model& model_;
};

TEST(Model, RefusesWrongVariants)
{
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", "JSON"},
        {"{}", "groups"},
        {R"({"groups": ["motd", "mottd"]})", "mottd"},
        {R"({"groups": [1]})", "unknown settings group 1"},
        {R"({"groups": ["motd"], "settings": {"motd": 1}})", "settings.motd: expected text"},
        {R"({"groups": ["motd"], "settings": {"ntp": {}}})", "not a setting of this variant"},
    };
    for (const auto& [text, message] : table) {
        SCOPED_TRACE(text);
        const auto model = Model::load(text);
        ASSERT_FALSE(model.has_value());
        EXPECT_EQ(model.error().code(), Errc::invalid);
        EXPECT_THAT(model.error().message(), HasSubstr(message));
    }
}

TEST_F(ModelOfADevVariant, HasItsDefaultsAndThoseOfTheVariant)
{
    const Values expected = {
        {"settings.api.remote.enabled", "false"},
        {"settings.api.remote.port", "8443"},
        {"settings.kernel.lockdown", R"("none")"},
        {"settings.motd", R"("Welcome to Holdfast!")"},
        {"settings.ntp.options", R"(["iburst"])"},
        {"settings.ntp.time-servers", R"(["2.debian.pool.ntp.org"])"},
    };
    EXPECT_EQ(model_.defaults(), expected);
}

TEST_F(ModelOfADevVariant, FlattensAndNests)
{
    const auto settings = Json::parse(R"({
        "motd": "hi",
        "kernel": {"sysctl": {"vm.max_map_count": "1", "fs/aio-nr": "2"}, "lockdown": null},
        "network": {"hosts": [["10.0.0.1", ["a"]], ["::0:1", []]], "no-proxy": []},
        "host-containers": {"admin": {"enabled": true}},
        "pki": {}
    })");
    const auto values = model_.flatten(settings);
    ASSERT_TRUE(values.has_value()) << values.error().message();
    const Values expected = {
        {"settings.host-containers.admin.enabled", "true"},
        {"settings.kernel.sysctl.\"vm.max_map_count\"", "\"1\""},
        {"settings.kernel.sysctl.fs/aio-nr", "\"2\""},
        {"settings.motd", "\"hi\""},
        {"settings.network.hosts", R"([["10.0.0.1",["a"]],["::1",[]]])"},
        {"settings.network.no-proxy", "[]"},
    };
    EXPECT_EQ(*values, expected);
    EXPECT_EQ(
        to_text(model_.nest(*values)),
        R"({"host-containers":{"admin":{"enabled":true}},"kernel":{"sysctl":{"fs/aio-nr":"2",)"
        R"("vm.max_map_count":"1"}},"motd":"hi",)"
        R"("network":{"hosts":[["10.0.0.1",["a"]],["::1",[]]],"no-proxy":[]}})");
}

struct Refused {
    std::string settings;
    std::string problem;
};

TEST_F(ModelOfADevVariant, SaysWhatIsWrongKeyByKey)
{
    const std::vector<Refused> table = {
        {R"([])", "settings: expected a table of settings"},
        {R"({"motd": 1})", "settings.motd: expected text"},
        {R"({"mtod": "x"})", "settings.mtod: unknown setting (did you mean motd?)"},
        {R"({"kernel": {"lockdwn": "none"}})",
         "settings.kernel.lockdwn: unknown setting (did you mean lockdown?)"},
        {R"({"hostname": "x"})",
         "settings.hostname: unknown setting (did you mean network.hostname?)"},
        {R"({"zzzzzzzz": "x"})", "settings.zzzzzzzz: unknown setting"},
        {R"({"kernel": {"lockdown": "None"}})",
         "settings.kernel.lockdown: expected one of none, integrity, confidentiality"},
        {R"({"kernel": []})", "settings.kernel: expected a table of settings"},
        {R"({"kernel": {"modules": {"x": true}}})",
         "settings.kernel.modules.x: expected a table of settings"},
        {R"({"kernel": {"modules": {"a b": {}}}})",
         R"(settings.kernel.modules."a b": as a key, expected a kernel module's name )"
         R"((letters, digits, '-' and '_', at most 56))"},
        {R"({"pki": {"": {"trusted": true}}})",
         R"(settings.pki."": expected a key of letters, digits, '_', '-', '/' and '.')"},
        {R"({"pki": {"x": {"trusted": "true"}}})",
         "settings.pki.x.trusted: expected true or false"},
        {R"({"ntp": {"time-servers": ["ok", "how are you"]}})",
         "settings.ntp.time-servers: item 2: expected a host name or IP address, without blanks"},
        {R"({"ntp": {"time-servers": "one"}})", "settings.ntp.time-servers: expected a list"},
        {R"({"api": {"remote": {"port": 65536}}})",
         "settings.api.remote.port: expected an integer from 1 to 65535"},
    };
    for (const auto& [settings, problem] : table) {
        SCOPED_TRACE(settings);
        const auto judged = model_.judge(Json::parse(settings));
        ASSERT_EQ(judged.problems.size(), 1U);
        EXPECT_EQ(to_text(judged.problems[0]), problem);
        EXPECT_THAT(judged.values, IsEmpty());
        const auto flat = model_.flatten(Json::parse(settings));
        ASSERT_FALSE(flat.has_value());
        EXPECT_EQ(flat.error().code(), Errc::invalid);
        EXPECT_EQ(flat.error().message(), problem);
    }
}

TEST_F(ModelOfADevVariant, KeepsTheGoodKeysBesideTheBad)
{
    const auto judged = model_.judge(Json::parse(R"({"motd": "hi", "motdd": "x",
        "kernel": {"lockdown": 1, "sysctl": {"a.b": "1", "../x": "2"}}})"));
    EXPECT_EQ(judged.values,
              (Values{{"settings.motd", "\"hi\""}, {"settings.kernel.sysctl.\"a.b\"", "\"1\""}}));
    EXPECT_EQ(judged.problems.size(), 3U);
}

TEST_F(ModelOfADevVariant, SaysWhichValuesOfAnotherVersionItDoesNotTake)
{
    const Values values{{"settings.motd", R"("fine")"},
                        {"settings.kernel.lockdown", R"("a word of a newer version")"},
                        {"settings.kernel.sysctl.\"vm.x\"", R"("1")"},
                        {"settings.kernel.newer.a", "1"},
                        {"settings.kernel.newer.b", "1"},
                        {"settings.newer-group.c", "1"},
                        {"settings.ntp.options", "no JSON"}};
    std::map<std::string, std::string> refused;
    for (const auto& problem : model_.refused(values)) {
        refused[problem.key] = problem.message;
    }
    EXPECT_EQ(refused.size(), 5U);
    EXPECT_THAT(refused["settings.kernel.lockdown"], HasSubstr("expected"));
    EXPECT_THAT(refused["settings.kernel.newer.a"], HasSubstr("unknown setting"));
    EXPECT_THAT(refused["settings.kernel.newer.b"], HasSubstr("unknown setting"));
    EXPECT_THAT(refused["settings.newer-group.c"], HasSubstr("unknown setting"));
    EXPECT_EQ(refused["settings.ntp.options"], "not a value of this version");
    EXPECT_THAT(model_.refused(model_.defaults()), IsEmpty());
}

TEST_F(ModelOfADevVariant, KeysOfYourChoiceAreBounded)
{
    Json settings = {{"kernel", {{"sysctl", {{std::string(128, 'a'), "1"}}}}}};
    EXPECT_TRUE(model_.flatten(settings).has_value());
    settings = {{"host-containers", {{std::string(77, 'a'), {{"enabled", true}}}}}};
    EXPECT_FALSE(model_.flatten(settings).has_value());
}

TEST_F(ModelOfADevVariant, ReadsPairs)
{
    const std::vector<std::pair<std::string, Values>> table = {
        {"motd=hi", {{"settings.motd", "\"hi\""}}},
        {"settings.motd=a=b", {{"settings.motd", "\"a=b\""}}},
        {"motd=", {{"settings.motd", "\"\""}}},
        {"motd=42", {{"settings.motd", "\"42\""}}},
        {"motd=true", {{"settings.motd", "\"true\""}}},
        {"api.remote.port=80", {{"settings.api.remote.port", "80"}}},
        {"host-containers.x.enabled=true", {{"settings.host-containers.x.enabled", "true"}}},
        {"ntp.time-servers=[\"a\", \"b\"]", {{"settings.ntp.time-servers", R"(["a","b"])"}}},
        {"motd=[\"a\"]", {{"settings.motd", R"("[\"a\"]")"}}},
        {"kernel.sysctl.\"vm.max_map_count\"=1",
         {{"settings.kernel.sysctl.\"vm.max_map_count\"", "\"1\""}}},
    };
    for (const auto& [pair, expected] : table) {
        SCOPED_TRACE(pair);
        const auto values = model_.flatten_pair(pair);
        ASSERT_TRUE(values.has_value()) << values.error().message();
        EXPECT_EQ(*values, expected);
    }
}

TEST_F(ModelOfADevVariant, RefusesPairs)
{
    const std::vector<std::pair<std::string, std::string>> table = {
        {"motd", "expected KEY=VALUE"},
        {"=x", "key settings.\"\": a part between dots is empty"},
        {"kernel=x", "settings.kernel: expected the name of one setting, this is a table"},
        {"kernel.lockdwn=none",
         "settings.kernel.lockdwn: unknown setting (did you mean lockdown?)"},
        {"kernel.lockdown=0", "expected one of none, integrity, confidentiality"},
        {"api.remote.port=-1", "expected an integer"},
        {"api.remote.port=1.0", "expected an integer"},
        {"api.remote.enabled=1", "expected true or false"},
        {"ntp.options=iburst", "expected a list"},
        {"ntp.options=[iburst", "expected a list"},
        {"ntp.options=[1]", "settings.ntp.options: item 1: expected text of one line"},
        {"motd=\xff", "expected UTF-8 text"},
    };
    for (const auto& [pair, message] : table) {
        SCOPED_TRACE(pair);
        const auto values = model_.flatten_pair(pair);
        ASSERT_FALSE(values.has_value());
        EXPECT_EQ(values.error().code(), Errc::invalid);
        EXPECT_THAT(values.error().message(), HasSubstr(message));
    }
}

TEST_F(ModelOfADevVariant, TheDeepestDeclarationSaysWhatIsAffected)
{
    EXPECT_THAT(model_.affected_services("settings.motd"), ElementsAre("motd"));
    EXPECT_THAT(model_.affected_services("settings.network.https-proxy"),
                ElementsAre("host-containerd", "host-containers"));
    EXPECT_THAT(model_.affected_services("settings.network.hostname"),
                ElementsAre("hostname", "hosts"));
    EXPECT_THAT(model_.affected_services("settings.kernel.sysctl.\"a.b\""), ElementsAre("sysctl"));
    EXPECT_THAT(model_.affected_services("settings.pki.x.data"),
                ElementsAre("pki", "host-containerd"));
    EXPECT_THAT(model_.affected_services("settings.api.remote.server-key"),
                ElementsAre("api-remote"));
    EXPECT_THAT(model_.affected_services("settings.kernel"), IsEmpty());
    EXPECT_THAT(model_.affected_services("settings.nothing"), IsEmpty());
    EXPECT_THAT(model_.affected_services("os.arch"), IsEmpty());
    EXPECT_THAT(model_.affected_services("a..b"), IsEmpty());
}

TEST_F(ModelOfADevVariant, KnowsItsSecrets)
{
    EXPECT_TRUE(model_.is_secret("settings.api.remote.server-key"));
    EXPECT_FALSE(model_.is_secret("settings.api.remote.server-certificate"));
    EXPECT_FALSE(model_.is_secret("settings.api.remote"));
    EXPECT_FALSE(model_.is_secret(""));
}

TEST_F(ModelOfADevVariant, ServicesFilesAndGeneratorsFitTogether)
{
    ASSERT_EQ(model_.generators().size(), 1U);
    EXPECT_EQ(model_.generators().at("settings.network.hostname").command,
              "netdog generate-hostname");
    EXPECT_THAT(model_.services().at("ntp").restart_commands,
                ElementsAre("/bin/systemctl try-reload-or-restart chronyd.service"));
    EXPECT_EQ(model_.configuration_files().at("api-remote").mode, "0600");
    for (const auto& [name, service] : model_.services()) {
        for (const auto& file : service.configuration_files) {
            EXPECT_TRUE(model_.configuration_files().contains(file)) << name << " " << file;
        }
    }
    for (const auto& [name, file] : model_.configuration_files()) {
        EXPECT_THAT(file.path, StartsWith("/etc/")) << name;
    }
}

TEST(Model, AServiceNamesOnlyFilesOfTheVariant)
{
    const auto model = Model::load(R"({"groups": ["motd"]})");
    ASSERT_TRUE(model.has_value());
    EXPECT_THAT(model->services().at("host-containerd").configuration_files, IsEmpty());
    EXPECT_FALSE(model->services().contains("ntp"));
}

TEST_F(ModelOfADevVariant, RendersEveryFile)
{
    auto values = model_.defaults();
    values["settings.network.hostname"] = "\"node\"";
    const auto settings = model_.nest(values);
    for (const auto& [name, file] : model_.configuration_files()) {
        const auto text = model_.render(name, settings, Json::object());
        EXPECT_TRUE(text.has_value()) << text.error().message();
    }
    EXPECT_EQ(model_.render("nothing", settings, {}).error().code(), Errc::not_found);
    EXPECT_EQ(*model_.render("hostname", Json::object(), {}), "")
        << "set-hostname.service does nothing for an empty file";
}

TEST_F(ModelOfADevVariant, TellsWhatDoesNotFitTogether)
{
    const auto certificate = Json(to_base64(sample_certificate));
    const auto with = [&](const Json& remote) {
        auto values = model_.defaults();
        const auto changed = *model_.flatten({{"api", {{"remote", remote}}}});
        for (const auto& [key, value] : changed) {
            values[key] = value;
        }
        return summary(
            model_.misfits(values, std::vector<std::string>{"settings.api.remote.port"}));
    };
    const auto key = [](std::string_view pem) { return Json(to_base64(pem)); };
    Json remote = {{"client-ca", certificate}, {"server-certificate", certificate}};
    EXPECT_EQ(with(remote), "");
    remote["enabled"] = true;
    EXPECT_EQ(with(remote), "settings.api.remote.server-key: expected a private key, since "
                            "settings.api.remote.enabled is true");
    remote["server-key"] = key(other_key);
    EXPECT_EQ(with(remote), "settings.api.remote.server-key: expected the private key of the first "
                            "certificate, since settings.api.remote.enabled is true");
    remote["server-key"] = key(sample_key);
    EXPECT_EQ(with(remote), "");
    remote["client-ca"] = "";
    EXPECT_THAT(with(remote), StartsWith("settings.api.remote.client-ca: expected a certificate"));
    const auto values = *model_.flatten({{"api", {{"remote", remote}}}});
    EXPECT_THAT(model_.misfits(values, std::vector<std::string>{"settings.motd"}), IsEmpty())
        << "of groups that nobody changes";
}

TEST(HealthCommands, AreProgramsWithArguments)
{
    const auto model = Model::load(R"({"groups": ["boot-health"]})");
    ASSERT_TRUE(model.has_value());
    const auto taken = model->flatten_pair(R"(boot-health.commands=[["/usr/bin/x","a b",""]])");
    ASSERT_TRUE(taken.has_value()) << taken.error().message();
    EXPECT_EQ(taken->at("settings.boot-health.commands"), R"([["/usr/bin/x","a b",""]])");

    const std::string path = "expected a program's absolute path";
    const std::string list = "item 1: expected a list of a program's absolute path";
    const std::vector<std::pair<std::string, std::string>> refused = {
        {R"("/usr/bin/x")", "expected a list"},
        {R"(["/usr/bin/x", "a"])", list},
        {R"([[]])", list},
        {R"([["x", "a"]])", path},
        {R"([["./x", "a"]])", path},
        {R"([["", "a"]])", path},
        {R"([["/usr/bin/", "a"]])", path},
        {R"([["/usr/bin/x", 1]])", "item 1: item 2: expected text of one line"},
        {R"([["/usr/bin/x", "a\nb"]])", "item 1: item 2: expected text of one line"},
        {R"([["/usr/bin/x", "a\u0000"]])", "item 1: item 2: expected text of one line"},
        {R"([["/usr/bin/x", ")" + std::string(4096, 'a') + R"("]])", "at most 64 words and 4096"},
        {to_text({std::vector<std::string>(65, "/a")}), "at most 64 words and 4096 bytes"},
    };
    for (const auto& [commands, message] : refused) {
        SCOPED_TRACE(commands.substr(0, 100));
        const auto values =
            model->flatten({{"boot-health", {{"commands", *parse_json(commands)}}}});
        ASSERT_FALSE(values.has_value());
        EXPECT_THAT(values.error().message(), StartsWith("settings.boot-health.commands: "));
        EXPECT_THAT(values.error().message(), HasSubstr(message));
    }
}

} // namespace
} // namespace holdfast::settings
