#include "services/settings_generators/generators.hpp"

#include "io/testing/fake_processes.hpp"

#include <gmock/gmock.h>

namespace holdfast::settings_generators {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FakeClient final : public api::Client {
public:
    Result<api::HttpReply> exchange(std::string_view method, std::string_view target,
                                    std::string_view body) override
    {
        if (method == "GET") {
            return api::HttpReply{200, replies.at(std::string(target)), ""};
        }
        calls.push_back(std::format("{} {} {}", method, target, body));
        return api::HttpReply{204, "", ""};
    }

    std::map<std::string, std::string> replies{{"/settings/provenance", "{}"}, {"/settings", "{}"}};
    std::vector<std::string> calls;
};

constexpr const char* one_generator =
    R"({"settings.network.hostname": {"command": "netdog generate-hostname", "strength": "weak"}})";

class Generate : public testing::Test {
protected:
    Generate() { client_.replies["/v2/metadata/setting-generators"] = one_generator; }

    FakeClient client_;
    io::FakeProcesses processes_;
};

TEST_F(Generate, PutsTheOutputIntoTheLaunchTransactionWithItsProvenance)
{
    processes_.answer("netdog generate-hostname", {0, " \"host-1\"\n", "a log line"});
    ASSERT_TRUE(generate(client_, processes_));
    EXPECT_THAT(client_.calls,
                ElementsAre("PATCH /settings?tx=bottlerocket-launch&source=generator&who=netdog"
                            "&strength=weak {\"network\":{\"hostname\":\"host-1\"}}"));
}

TEST_F(Generate, LeavesPopulatedSettingsAlone)
{
    client_.replies["/settings/provenance"] = R"({"settings.network.hostname": {}})";
    ASSERT_TRUE(generate(client_, processes_));
    EXPECT_THAT(processes_.commands(), IsEmpty());
}

TEST_F(Generate, TreatsTablesBelowTheKeyAsPopulatedAndLongerNamesNot)
{
    client_.replies["/settings/provenance"] = R"({"settings.network.hostname2": {}})";
    processes_.answer("netdog", {2, "", ""});
    ASSERT_TRUE(generate(client_, processes_));
    EXPECT_EQ(processes_.commands().size(), 1U);

    client_.replies["/settings/provenance"] = R"({"settings.network.hostname.x": {}})";
    ASSERT_TRUE(generate(client_, processes_));
    EXPECT_EQ(processes_.commands().size(), 1U);
}

TEST_F(Generate, ExitStatusTwoMeansNoValue)
{
    processes_.answer("netdog", {2, "ignored", ""});
    ASSERT_TRUE(generate(client_, processes_));
    EXPECT_THAT(client_.calls, IsEmpty());
}

TEST_F(Generate, AFailingGeneratorFailsTheStepButNotTheOthers)
{
    client_.replies["/v2/metadata/setting-generators"] =
        R"({"settings.a": {"command": "bad", "strength": "strong"},
            "settings.b": {"command": "good", "strength": "strong"}})";
    processes_.answer("bad", {1, "", "broken"});
    processes_.answer("good", {0, "1", ""});
    const auto done = generate(client_, processes_);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message(), HasSubstr("settings.a"));
    EXPECT_THAT(done.error().message(), HasSubstr("broken"));
    EXPECT_THAT(client_.calls, ElementsAre(HasSubstr("{\"b\":1}")));
}

TEST_F(Generate, OutputThatIsNoJsonFails)
{
    processes_.answer("netdog", {0, "host-1", ""});
    EXPECT_FALSE(generate(client_, processes_));
}

TEST(SplitCommand, HonoursQuotesAndBackslashes)
{
    EXPECT_THAT(*split_command("a  'b c' \"d \\\" e\" f\\ g ''"),
                ElementsAre("a", "b c", "d \" e", "f g", ""));
    EXPECT_FALSE(split_command("a 'b"));
    EXPECT_FALSE(split_command("  "));
}

TEST(ProxyEnvironment, StandsOnlyWhereAProxyIsSet)
{
    EXPECT_THAT(proxy_environment(Json::object()), IsEmpty());
    const auto environment = proxy_environment(
        {{"network", {{"https-proxy", "http://p:1"}, {"no-proxy", {"x", "y"}}}},
         {"kubernetes", {{"api-server", "https://k"}, {"cluster-domain", "c.l"}}}});
    EXPECT_EQ(environment.at("HTTPS_PROXY"), "http://p:1");
    EXPECT_EQ(environment.at("no_proxy"), "localhost,127.0.0.1,x,y,https://k,c.l");
}

} // namespace

} // namespace holdfast::settings_generators
