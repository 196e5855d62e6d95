#include "api/server/update_handlers.hpp"

#include "io/testing/fake_file_locks.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "update/status/status.hpp"

#include <gmock/gmock.h>

namespace holdfast::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UpdateHandlersTest : public testing::Test {
protected:
    UpdateHandlersTest() { add_update_handlers(router_, context_); }

    Response ask(const char* method, const char* path)
    {
        Request request;
        request.method = method;
        request.target.path = path;
        return router_.handle(request);
    }
    std::unique_ptr<io::FileLock> hold(io::Locking locking)
    {
        return *locks_.try_lock(update::lock_path, locking);
    }

    io::FakeFiles files_;
    io::FakeProcesses processes_;
    io::FakeFileLocks locks_;
    UpdateContext context_{files_, processes_, locks_};
    Router router_;
};

TEST_F(UpdateHandlersTest, CommandsAreUnits)
{
    processes_.answer("/usr/bin/systemctl start", io::Outcome{});
    for (const auto* path : {"/actions/refresh-updates", "/actions/prepare-update",
                             "/actions/activate-update", "/actions/deactivate-update"}) {
        EXPECT_EQ(ask("POST", path).status, 204) << path;
    }
    EXPECT_THAT(processes_.command_lines(),
                ElementsAre("/usr/bin/systemctl start -- thar-be-updates@refresh.service",
                            "/usr/bin/systemctl start -- thar-be-updates@prepare.service",
                            "/usr/bin/systemctl start -- thar-be-updates@activate.service",
                            "/usr/bin/systemctl start -- thar-be-updates@deactivate.service"));
}

TEST_F(UpdateHandlersTest, TheUnitsExitStatusSaysWhyItMayNotRun)
{
    struct Case {
        const char* exit_status;
        int status;
        const char* body;
    };
    processes_.answer("/usr/bin/systemctl start", {1, "", "Job failed."});
    for (const auto& [exit_status, status, body] :
         {Case{"64\n", 423, "Update lock held"},
          Case{"65\n", 409, "Update action not allowed according to update state"},
          Case{"66\n", 404, "Previously chosen Update no longer exists"},
          Case{"67\n", 404, "No update image applied to staging partition"},
          Case{"1\n", 500, "could not be started"}, Case{"\n", 500, "could not be started"}}) {
        processes_.play("/usr/bin/systemctl show",
                        [exit_status](const io::Command&) -> Result<io::Outcome> {
                            return io::Outcome{0, exit_status, ""};
                        });
        const auto response = ask("POST", "/actions/prepare-update");
        EXPECT_EQ(response.status, status) << exit_status;
        EXPECT_THAT(response.body, HasSubstr(body));
    }
}

TEST_F(UpdateHandlersTest, OneCommandAtATime)
{
    const auto held = hold(io::Locking::exclusive);
    EXPECT_EQ(ask("POST", "/actions/prepare-update").status, 423);
    EXPECT_EQ(ask("POST", "/actions/rollback-update").status, 423);
    EXPECT_EQ(ask("GET", "/updates/status").status, 423);
    EXPECT_EQ(ask("GET", "/updates/status").body, "Update lock held");
    EXPECT_THAT(processes_.commands(), IsEmpty());
}

TEST_F(UpdateHandlersTest, StatusIsWhatTheLastCommandLeft)
{
    EXPECT_EQ(ask("GET", "/updates/status").status, 404);
    EXPECT_EQ(ask("GET", "/updates/status").body,
              "Update status is uninitialized, refresh-updates to initialize it");
    const auto status = to_json(update::Status{.available = {"1.1.0"}});
    files_.put(update::status_path, to_text(status));
    const auto other_reader = hold(io::Locking::shared);
    EXPECT_EQ(ask("GET", "/updates/status").status, 200);
    EXPECT_EQ(*parse_json(ask("GET", "/updates/status").body), status);
    files_.put(update::status_path, "{");
    EXPECT_EQ(ask("GET", "/updates/status").status, 500);
}

TEST_F(UpdateHandlersTest, ProgressAndFallBackAreShownWhileACommandRuns)
{
    const auto held = hold(io::Locking::exclusive);
    EXPECT_EQ(ask("GET", "/updates/progress").body, "null");
    EXPECT_EQ(ask("GET", "/updates/last-fall-back").body, "null");
    files_.put(update::progress_path, R"({"percent": 5})");
    files_.put(update::fall_back_path, R"({"reason": "kernel panic"})");
    EXPECT_EQ(ask("GET", "/updates/progress").body, R"({"percent":5})");
    EXPECT_EQ(ask("GET", "/updates/last-fall-back").body, R"({"reason":"kernel panic"})");
}

TEST_F(UpdateHandlersTest, ADownloadThatRunsCanBeStopped)
{
    processes_.answer("/usr/bin/systemctl is-active", {3, "inactive\n", ""});
    processes_.answer("/usr/bin/systemctl is-active", {0, "active\n", ""});
    processes_.answer("/usr/bin/systemctl stop", io::Outcome{});
    EXPECT_EQ(ask("POST", "/actions/cancel-download").status, 409);
    EXPECT_EQ(ask("POST", "/actions/cancel-download").status, 204);
    EXPECT_EQ(processes_.command_lines().back(),
              "/usr/bin/systemctl stop -- thar-be-updates@prepare.service");
}

TEST_F(UpdateHandlersTest, RollbackNeedsAVersionToGoBackTo)
{
    const std::string unit = "thar-be-updates@rollback.service";
    std::string exit_status = "1\n";
    processes_.answer("/usr/bin/systemctl start -- " + unit, {1, "", ""});
    processes_.play("/usr/bin/systemctl show --property=ExecMainStatus --value -- " + unit,
                    [&](const io::Command&) -> Result<io::Outcome> {
                        return io::Outcome{0, exit_status, ""};
                    });
    processes_.answer("/usr/bin/systemctl show --property=StatusText --value -- " + unit,
                      {0, "Set B holds an update that has not been tried yet\n", ""});
    const auto refused = ask("POST", "/actions/rollback-update");
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(refused.body, HasSubstr("Set B holds an update"));
    exit_status = "64\n";
    EXPECT_EQ(ask("POST", "/actions/rollback-update").status, 423);
}

TEST_F(UpdateHandlersTest, RollbackIsAUnitToo)
{
    processes_.answer("/usr/bin/systemctl start", io::Outcome{});
    EXPECT_EQ(ask("POST", "/actions/rollback-update").status, 204);
    EXPECT_THAT(processes_.command_lines(),
                ElementsAre("/usr/bin/systemctl start -- thar-be-updates@rollback.service"));
}

} // namespace
} // namespace holdfast::api
