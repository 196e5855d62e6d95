#include "api/server/applier.hpp"

#include "io/posix/posix_system.hpp"
#include "io/testing/fake_processes.hpp"

#include <gmock/gmock.h>

namespace holdfast::api {

namespace {

using testing::HasSubstr;

class ApplierTest : public testing::Test {
protected:
    ~ApplierTest() override = default;

    Json finished(ProcessApplier& applier)
    {
        for (int i = 0; i < 2000 && applier.status()["state"] == "running"; ++i) {
            clock_.sleep(std::chrono::milliseconds(5));
        }
        return applier.status();
    }

    io::PosixClock clock_;
    io::FakeProcesses processes_;
};

TEST_F(ApplierTest, HandsTheKeysOverAndKeepsTheReport)
{
    processes_.answer("applier", {0, R"({"files": [{"name": "motd"}], "services": []})", ""});
    ProcessApplier applier(processes_, clock_, {"applier", "--x"});
    EXPECT_EQ(applier.status()["state"], "none");
    applier.start(std::vector<std::string>{"settings.motd"});
    const auto status = finished(applier);
    EXPECT_EQ(status["state"], "succeeded");
    EXPECT_EQ(status["keys"], Json({"settings.motd"}));
    EXPECT_EQ(status["files"][0]["name"], "motd");
    EXPECT_EQ(processes_.commands()[0].input, R"(["settings.motd"])");
}

TEST_F(ApplierTest, EverythingIsAskedForByAnOption)
{
    processes_.answer("applier", {0, "{}", ""});
    ProcessApplier applier(processes_, clock_, {"applier"});
    applier.start(std::nullopt);
    EXPECT_EQ(finished(applier)["keys"], "all");
    EXPECT_EQ(processes_.command_lines()[0], "applier --all");
}

TEST_F(ApplierTest, AFailureIsToldWithTheProgramsLastWords)
{
    processes_.answer("applier", {1, "", "it broke"});
    ProcessApplier applier(processes_, clock_, {"applier"});
    applier.start(std::nullopt);
    const auto status = finished(applier);
    EXPECT_EQ(status["state"], "failed");
    EXPECT_THAT(status["error"], HasSubstr("it broke"));
}

TEST_F(ApplierTest, RunsOneAfterTheOtherAndTheLastOneCounts)
{
    processes_.answer("applier", {0, R"({"n": 1})", ""});
    processes_.answer("applier", {0, R"({"n": 2})", ""});
    ProcessApplier applier(processes_, clock_, {"applier"});
    applier.start(std::nullopt);
    applier.start(std::nullopt);
    EXPECT_EQ(finished(applier)["n"], 2);
    EXPECT_EQ(processes_.commands().size(), 2U);
}

} // namespace

} // namespace holdfast::api
