#include "apply/apply.hpp"

#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"

#include <algorithm>
#include <gmock/gmock.h>

namespace holdfast::apply {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ApplyTest : public testing::Test {
protected:
    ApplyTest() : model_(load())
    {
        files_.put_directory("/etc");
        processes_.answer("/bin/systemctl", io::Outcome{});
        processes_.answer("/usr/bin/systemctl", io::Outcome{});
        facts_.os = {{"pretty_name", "Holdfast OS 1.0 (metal-dev)"},
                     {"variant_id", "metal-dev"},
                     {"version_id", "1.0"},
                     {"build_id", "abc"},
                     {"arch", "x86_64"}};
        facts_.settings = model_.nest(model_.defaults());
    }

    static settings::Model load()
    {
        auto model = settings::Model::load(
            R"({"variant": "metal-dev", "groups": ["motd", "ntp", "api"], "settings": {}})");
        check(model.has_value(), "the test's variant loads");
        return *std::move(model);
    }

    Report run(const Plan& plan, Occasion occasion = Occasion::change)
    {
        return apply(model_, plan, facts_, occasion, files_, processes_);
    }

    settings::Model model_;
    io::FakeFiles files_;
    io::FakeProcesses processes_;
    Facts facts_;
};

TEST_F(ApplyTest, WritesOnlyTheFilesOfAffectedServicesAndRestartsThese)
{
    facts_.settings["motd"] = "hello";
    const auto plan = plan_for_keys(model_, std::vector<std::string>{"settings.motd"});
    ASSERT_THAT(plan.files, ElementsAre("motd"));
    const auto report = run(plan);
    EXPECT_EQ(report.error, "");
    EXPECT_THAT(*files_.read("/etc/motd"), HasSubstr("hello"));
    EXPECT_FALSE(files_.exists("/etc/chrony.conf"));
}

TEST_F(ApplyTest, TellsServicesWhichSettingsChanged)
{
    const auto plan = plan_for_keys(
        model_, std::vector<std::string>{"settings.ntp.time-servers", "settings.motd"});
    run(plan);
    ASSERT_EQ(processes_.commands().size(), 1U);
    EXPECT_EQ(processes_.commands()[0].environment.at("CHANGED_SETTINGS"),
              "settings.ntp.time-servers");
    EXPECT_THAT(processes_.command_lines()[0], HasSubstr("chronyd.service"));
}

TEST_F(ApplyTest, LeavesAnEqualFileAloneButRestartsItsService)
{
    const auto plan = plan_for_keys(model_, std::vector<std::string>{"settings.ntp.time-servers"});
    EXPECT_EQ(run(plan).files.at(0).status, "written");
    const auto report = run(plan);
    EXPECT_EQ(report.files.at(0).status, "unchanged");
    EXPECT_EQ(report.services.at(0).status, "restarted");
}

TEST_F(ApplyTest, GivesFilesTheModeOfTheModelAlsoWhereTheContentIsEqual)
{
    const auto plan =
        plan_for_keys(model_, std::vector<std::string>{"settings.api.remote.enabled"});
    run(plan);
    EXPECT_EQ(files_.mode("/etc/apiserver/remote.json"), 0600U);
    ASSERT_TRUE(files_.set_mode("/etc/apiserver/remote.json", 0644));
    run(plan);
    EXPECT_EQ(files_.mode("/etc/apiserver/remote.json"), 0600U);
}

TEST_F(ApplyTest, AFileThatContainersHaveMountedReachesThem)
{
    const auto model = settings::Model::load(R"({"groups": ["network"]})");
    ASSERT_TRUE(model.has_value());
    files_.put("/etc/hosts", "127.0.0.1 localhost\n");
    const auto mounted = files_.held("/etc/hosts");
    facts_.settings = *parse_json(R"({"network": {"hosts": [["192.0.2.1", ["peer.example"]]]}})");
    const auto plan = plan_for_keys(*model, std::vector<std::string>{"settings.network.hosts"});
    const auto report = apply(*model, plan, facts_, Occasion::change, files_, processes_);
    EXPECT_EQ(report.error, "");
    EXPECT_THAT(mounted(), HasSubstr("\n192.0.2.1 peer.example\n"));
}

/// As after `apiclient unset network.hostname`, before a generator gives another name.
TEST_F(ApplyTest, AHostNameThatIsTakenBackStopsNothing)
{
    const auto model = settings::Model::load(R"({"groups": ["network", "motd"]})");
    ASSERT_TRUE(model.has_value());
    files_.put("/etc/hosts", "127.0.0.1 localhost gone\n");
    files_.put("/etc/network/hostname.env", "HOSTNAME=gone\n");
    facts_.settings = {{"motd", "hello"}};
    const auto plan = plan_for_keys(
        *model, std::vector<std::string>{"settings.motd", "settings.network.hostname"});
    const auto report = apply(*model, plan, facts_, Occasion::change, files_, processes_);
    EXPECT_EQ(report.error, "");
    EXPECT_THAT(*files_.read("/etc/hosts"), Not(HasSubstr("gone")));
    EXPECT_EQ(*files_.read("/etc/network/hostname.env"), "");
    EXPECT_THAT(*files_.read("/etc/motd"), HasSubstr("hello"));
}

TEST_F(ApplyTest, StrictWritesNothingWhenOneFileCannotBeRendered)
{
    facts_.settings["motd"] = "hello";
    facts_.settings["api"]["remote"]["enabled"] = true; // without certificates
    const auto plan = plan_for_keys(
        model_, std::vector<std::string>{"settings.motd", "settings.api.remote.enabled"});
    const auto report = run(plan);
    EXPECT_THAT(report.error, HasSubstr("settings.api.remote."));
    EXPECT_FALSE(files_.exists("/etc/motd"));
    EXPECT_THAT(processes_.commands(), IsEmpty());
}

TEST_F(ApplyTest, ABootLeavesOutWhatCannotBeRenderedAndDoesTheRest)
{
    facts_.settings["motd"] = "hello";
    facts_.settings["api"]["remote"]["enabled"] = true;
    const auto report = run(plan_for_all(model_), Occasion::boot);
    EXPECT_THAT(report.error, HasSubstr("settings.api.remote."));
    EXPECT_THAT(*files_.read("/etc/motd"), HasSubstr("hello"));
    EXPECT_FALSE(files_.exists("/etc/apiserver/remote.json"));
}

TEST_F(ApplyTest, ABootLeavesAServiceAloneWhoseFilesAreAsTheImageHasThem)
{
    const auto restarts = [this] {
        return std::ranges::count_if(processes_.command_lines(), [](const std::string& line) {
            return line.contains("chronyd.service");
        });
    };
    run(plan_for_all(model_), Occasion::boot);
    EXPECT_EQ(restarts(), 1);
    run(plan_for_all(model_), Occasion::boot);
    EXPECT_EQ(restarts(), 1);
    run(plan_for_keys(model_, std::vector<std::string>{"settings.ntp.time-servers"}));
    EXPECT_EQ(restarts(), 2) << "a change always restarts";
    run(plan_for_all(model_), Occasion::everything);
    EXPECT_EQ(restarts(), 3) << "who asks for everything gets it";
}

TEST(Plan, MakesTheCertificatesBeforeWhatTrustsThemStartsAndTellsTheRemoteApiLast)
{
    const auto model =
        settings::Model::load(R"({"groups": ["motd", "host-containers", "pki", "api"]})");
    ASSERT_TRUE(model.has_value());
    const auto place = [](const Plan& plan, const char* name) {
        return std::ranges::find(plan.services, name, &AffectedService::name) -
               plan.services.begin();
    };
    const auto boot = plan_for_all(*model);
    EXPECT_EQ(place(boot, "pki"), 0);
    EXPECT_LT(place(boot, "host-containerd"), place(boot, "host-containers"));
    EXPECT_EQ(boot.services.back().name, "api-remote");
    const auto change =
        plan_for_keys(*model, std::vector<std::string>{"settings.host-containers.x.enabled",
                                                       "settings.pki.x.data"});
    EXPECT_EQ(place(change, "pki"), 0);
    EXPECT_EQ(change.services.size(), 3U);
}

TEST_F(ApplyTest, AFailingRestartIsReportedAndOthersGoOn)
{
    processes_.answer("/bin/systemctl try-reload-or-restart chronyd.service",
                      io::Outcome{1, "", "no such unit"});
    const auto plan = plan_for_keys(model_, std::vector<std::string>{"settings.api.remote.enabled",
                                                                     "settings.ntp.time-servers"});
    const auto report = run(plan);
    EXPECT_THAT(report.error, HasSubstr("no such unit"));
    EXPECT_EQ(processes_.commands().size(), 2U);
    const auto json = report.to_json();
    EXPECT_EQ(json["services"][0]["status"], "failed");
    EXPECT_EQ(json["services"][1]["status"], "restarted");
}

} // namespace

} // namespace holdfast::apply
