#include "api/client/commands.hpp"

#include "io/posix/posix_network.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_random.hpp"
#include "json/json.hpp"

#include <deque>
#include <gmock/gmock.h>

namespace holdfast::api {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

/// Answers from a script per request; the last answer stays. Notes what is posted.
class ScriptedClient final : public Client {
public:
    Result<HttpReply> exchange(std::string_view method, std::string_view target,
                               std::string_view) override
    {
        const auto line = std::format("{} {}", method, target);
        if (method == "POST") {
            posts.emplace_back(target);
        }
        auto& script = scripts[line];
        if (script.empty()) {
            return method == "POST" ? HttpReply{204, "", ""} : HttpReply{200, "null", ""};
        }
        auto reply = script.front();
        if (script.size() > 1) {
            script.pop_front();
        }
        return reply;
    }

    void status(int code, std::string body = "")
    {
        scripts["GET /updates/status"].push_back({code, std::move(body), ""});
    }
    void record(const char* command, const char* timestamp, const char* outcome = "Success",
                const char* state = "Available")
    {
        status(200, to_text(Json{{"update_state", state},
                                 {"most_recent_command",
                                  {{"cmd_type", command},
                                   {"cmd_status", outcome},
                                   {"timestamp", timestamp},
                                   {"stderr", "what went wrong"}}}}));
    }

    std::map<std::string, std::deque<HttpReply>> scripts;
    std::vector<std::string> posts;
};

class UpdateCommand : public testing::Test {
protected:
    CommandOutcome run(const Words& words) { return run_update(world_, words); }
    static std::string message(const CommandOutcome& outcome)
    {
        return std::get<Error>(outcome.error().why).message();
    }

    ScriptedClient client_;
    io::FakeClock clock_;
    io::FakeRandom random_;
    io::FakeFiles files_;
    io::PosixNetwork network_;
    std::string shown_;
    Surroundings world_{.client = client_,
                        .random = random_,
                        .files = files_,
                        .network = network_,
                        .standard_input = {},
                        .clock = clock_};
};

TEST_F(UpdateCommand, CheckWaitsForItsOwnRefresh)
{
    client_.record("refresh", "t0");
    client_.status(423);
    client_.record("refresh", "t0"); // The old one is not the answer.
    client_.record("refresh", "t1");
    const auto outcome = run({"check"});
    ASSERT_TRUE(outcome.has_value());
    EXPECT_THAT(outcome->output, HasSubstr("\"timestamp\": \"t1\""));
    EXPECT_THAT(client_.posts, ElementsAre("/actions/refresh-updates"));
    EXPECT_EQ(clock_.slept(), 300ms);
}

TEST_F(UpdateCommand, CheckTakesAMissingStatusForTheFirstCall)
{
    client_.status(404);
    client_.record("refresh", "t1");
    EXPECT_TRUE(run({"check"}).has_value());
}

TEST_F(UpdateCommand, SaysWhyAStepFailed)
{
    client_.status(404);
    client_.record("refresh", "t1", "Failed");
    EXPECT_EQ(message(run({"check"})), "refresh failed: what went wrong");
}

TEST_F(UpdateCommand, GivesUpAfterItsTime)
{
    client_.record("refresh", "t0");
    EXPECT_THAT(message(run({"check"})), HasSubstr("did not end in time"));
    EXPECT_EQ(clock_.slept(), 10s);
}

TEST_F(UpdateCommand, GivesUpOnAMachineThatIsBusyWithoutAnySign)
{
    client_.status(423);
    EXPECT_THAT(message(run({"check"})), HasSubstr("did not end in time"));
    EXPECT_GT(clock_.slept(), 10min);
    EXPECT_LT(clock_.slept(), 11min);
}

TEST_F(UpdateCommand, GivesUpAfterFiveFailedLooks)
{
    client_.status(404);
    client_.status(500, "broken");
    EXPECT_THAT(message(run({"check"})), HasSubstr("broken"));
    EXPECT_EQ(clock_.slept(), 500ms);
}

TEST_F(UpdateCommand, WaitsForADownloadAsLongAsItMoves)
{
    client_.status(404);
    for (int i = 0; i < 3000; ++i) {
        client_.status(423);
        client_.scripts["GET /updates/progress"].push_back(
            {200, std::format(R"({{"bytes": {}, "total": 3000, "percent": {}}})", i / 100, i / 30),
             ""});
    }
    client_.record("prepare", "t1");
    client_.record("prepare", "t1");
    client_.record("activate", "t2");
    EXPECT_TRUE(run({"apply"}).has_value());
    EXPECT_GT(clock_.slept(), 20min);
    EXPECT_THAT(client_.posts, ElementsAre("/actions/prepare-update", "/actions/activate-update"));
}

TEST_F(UpdateCommand, ApplyWithCheckStopsWhereThereIsNothingToDo)
{
    for (const auto* state : {"Idle", "Ready"}) {
        client_ = {};
        client_.status(404);
        client_.record("refresh", "t1", "Success", state);
        EXPECT_TRUE(run({"apply", "--check", "--reboot"}).has_value());
        EXPECT_THAT(client_.posts, ElementsAre("/actions/refresh-updates")) << state;
    }
}

TEST_F(UpdateCommand, ApplyRebootsWhenTold)
{
    client_.status(404);
    client_.record("prepare", "t1");
    client_.record("prepare", "t1");
    client_.record("activate", "t2");
    EXPECT_TRUE(run({"apply", "-r"}).has_value());
    EXPECT_EQ(client_.posts.back(), "/actions/reboot");
}

TEST_F(UpdateCommand, DoesNotFlipWhatWasNotFetched)
{
    client_.status(404);
    client_.record("prepare", "t1", "Failed");
    EXPECT_EQ(message(run({"apply", "-r"})), "prepare failed: what went wrong");
    EXPECT_THAT(client_.posts, ElementsAre("/actions/prepare-update"));
}

TEST_F(UpdateCommand, CancelStopsADownloadOrTakesTheFlipBack)
{
    client_.status(423);
    EXPECT_TRUE(run({"cancel"}).has_value());
    EXPECT_THAT(client_.posts, ElementsAre("/actions/cancel-download"));

    client_ = {};
    client_.record("activate", "t1");
    client_.record("activate", "t1");
    client_.record("deactivate", "t2");
    EXPECT_TRUE(run({"cancel"}).has_value());
    EXPECT_THAT(client_.posts, ElementsAre("/actions/deactivate-update"));
}

TEST_F(UpdateCommand, RollbackGoesBackToTheOtherVersion)
{
    EXPECT_TRUE(run({"rollback"}).has_value());
    EXPECT_TRUE(run({"rollback", "--reboot"}).has_value());
    EXPECT_THAT(client_.posts, ElementsAre("/actions/rollback-update", "/actions/rollback-update",
                                           "/actions/reboot"));
}

TEST_F(UpdateCommand, StatusShowsProgressAndTheLastFallBack)
{
    client_.status(423);
    client_.scripts["GET /updates/progress"] = {{200, R"({"percent": 7})", ""}};
    client_.scripts["GET /updates/last-fall-back"] = {{200, R"({"reason": "panic"})", ""}};
    EXPECT_EQ(*parse_json(run({"status"})->output),
              *parse_json(R"({"running": true, "progress": {"percent": 7},
                              "last_fall_back": {"reason": "panic"}})"));
    client_.scripts["GET /updates/status"] = {{404, "", ""}};
    EXPECT_EQ(*parse_json(run({"status"})->output),
              *parse_json(R"({"last_fall_back": {"reason": "panic"}})"));
}

TEST_F(UpdateCommand, DrawsABarForAPersonOnly)
{
    world_.show_progress = [this](std::string_view text) { shown_ += text; };
    client_.scripts["GET /updates/progress"] = {
        {200, R"({"bytes": 5242880, "total": 10485760, "percent": 50, "rate": 1048576})", ""}};
    client_.status(404);
    client_.status(423);
    client_.record("prepare", "t1");
    client_.record("prepare", "t1");
    client_.record("activate", "t2");
    EXPECT_TRUE(run({"apply"}).has_value());
    EXPECT_EQ(shown_, "\r[###############               ]  50 %  5.0 of 10.0 MiB  1.0 MiB/s \n");
    // Of an earlier download, perhaps.
    shown_.clear();
    client_.scripts.erase("GET /updates/status");
    client_.status(404);
    client_.status(423);
    client_.record("refresh", "t1");
    EXPECT_TRUE(run({"check"}).has_value());
    EXPECT_EQ(shown_, "");
}

TEST_F(UpdateCommand, MisuseIsTold)
{
    for (const auto& words : std::vector<Words>{{},
                                                {"upgrade"},
                                                {"check", "-r"},
                                                {"apply", "now"},
                                                {"cancel", "-c"},
                                                {"rollback", "-c"}}) {
        const auto outcome = run(words);
        ASSERT_FALSE(outcome.has_value());
        EXPECT_TRUE(std::holds_alternative<Misuse>(outcome.error().why));
    }
    EXPECT_TRUE(client_.posts.empty());
}

} // namespace
} // namespace holdfast::api
