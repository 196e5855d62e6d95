#include "api/server/applier.hpp"

#include "io/posix/posix_system.hpp"
#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <semaphore>

namespace holdfast::api {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A unit's end of a connection: takes what is written and answers with one text.
class AnsweringStream final : public io::ByteStream {
public:
    AnsweringStream(std::vector<std::string>& asked, std::string answer)
        : asked_(asked), answer_(std::move(answer))
    {
    }

    Result<std::size_t> read_some(std::span<char> bytes) override
    {
        const auto count = std::min(bytes.size(), answer_.size());
        std::ranges::copy_n(answer_.begin(), static_cast<std::ptrdiff_t>(count), bytes.begin());
        answer_.erase(0, count);
        return count;
    }

    Result<void> write_all(std::string_view bytes) override
    {
        asked_.emplace_back(bytes);
        return {};
    }

    void shut_down() override {}

private:
    std::vector<std::string>& asked_;
    std::string answer_;
};

/// Starts a "unit" for each connection; refuses where it has no more answers.
class ApplierSocket final : public io::Network {
public:
    Result<std::unique_ptr<io::ByteStream>> connect_local(const std::filesystem::path& path,
                                                          std::chrono::milliseconds) override
    {
        const std::scoped_lock lock(may_answer);
        if (unit) {
            return unit();
        }
        if (path != "/applier.sock" || answers.empty()) {
            return fail(Errc::io, "nobody listens");
        }
        auto stream = std::make_unique<AnsweringStream>(asked, answers.front());
        answers.erase(answers.begin());
        return stream;
    }
    Result<std::unique_ptr<io::ByteStream>> connect_tcp(const std::string&, std::uint16_t,
                                                        io::TimeLimits) override
    {
        return fail(Errc::io, "no network");
    }

    std::vector<std::string> answers;
    std::vector<std::string> asked;
    std::function<std::unique_ptr<io::ByteStream>()> unit; ///< Instead of the answers.
    std::mutex may_answer; ///< Who holds it keeps units from starting.
};

class ApplierTest : public testing::Test {
protected:
    ~ApplierTest() override = default;

    Json finished()
    {
        for (int i = 0; i < 2000 && applier_.status()["state"] == "running"; ++i) {
            clock_.sleep(std::chrono::milliseconds(5));
        }
        return applier_.status();
    }

    static constexpr const char* unapplied = "/run/unapplied.json";

    io::PosixClock clock_;
    io::FakeFiles files_ = in_run();
    ApplierSocket socket_;
    UnitApplier applier_{socket_, clock_, files_, "/applier.sock", unapplied};

private:
    static io::FakeFiles in_run()
    {
        io::FakeFiles files;
        files.put_directory("/run");
        return files;
    }
};

TEST_F(ApplierTest, HandsTheKeysOverAndKeepsTheReport)
{
    socket_.answers = {R"({"files": [{"name": "motd"}], "services": []})"};
    EXPECT_EQ(applier_.status()["state"], "none");
    applier_.start(std::vector<std::string>{"settings.motd"});
    const auto status = finished();
    EXPECT_EQ(status["state"], "succeeded");
    EXPECT_EQ(status["keys"], Json({"settings.motd"}));
    EXPECT_EQ(status["files"][0]["name"], "motd");
    EXPECT_THAT(socket_.asked, ElementsAre("[\"settings.motd\"]\n"));
}

TEST_F(ApplierTest, EverythingIsAskedForByAWord)
{
    socket_.answers = {"{}"};
    applier_.start(std::nullopt);
    EXPECT_EQ(finished()["keys"], "all");
    EXPECT_THAT(socket_.asked, ElementsAre("\"all\"\n"));
}

TEST_F(ApplierTest, AReportWithAnErrorIsAFailure)
{
    socket_.answers = {R"({"files": [], "error": "ntp: it broke"})"};
    applier_.start(std::nullopt);
    const auto status = finished();
    EXPECT_EQ(status["state"], "failed");
    EXPECT_EQ(status["error"], "ntp: it broke");
}

TEST_F(ApplierTest, AnApplierThatCrashesOrIsNotThereIsAFailure)
{
    socket_.answers = {R"({"files": [)"};
    applier_.start(std::nullopt);
    EXPECT_THAT(finished()["error"], HasSubstr("without a report; the journal of its unit"));
    applier_.start(std::nullopt);
    const auto status = finished();
    EXPECT_EQ(status["state"], "failed");
    EXPECT_THAT(status["error"], HasSubstr("nobody listens"));
}

TEST_F(ApplierTest, WhileItRunsNothingIsToldOfTheRunBefore)
{
    socket_.answers = {R"({"files": [], "error": "ntp: it broke"})", "{}"};
    applier_.start(std::nullopt);
    EXPECT_EQ(finished()["state"], "failed");
    const std::unique_lock at_work(socket_.may_answer);
    applier_.start(std::nullopt);
    EXPECT_EQ(applier_.status(), Json({{"state", "running"}}));
}

TEST_F(ApplierTest, AnEndlessReportIsAFailure)
{
    socket_.answers = {std::string(2U << 20, ' ')};
    applier_.start(std::nullopt);
    EXPECT_THAT(finished()["error"], HasSubstr("reports over"));
}

/// A unit that takes as long as the test wants, as one does that restarts containers.
TEST_F(ApplierTest, WhatIsQueuedOrAtWorkIsNotedUntilItIsApplied)
{
    const std::unique_lock at_work(socket_.may_answer);
    socket_.answers = {"{}", "{}"};
    applier_.start(std::vector<std::string>{"settings.motd"});
    EXPECT_EQ(*files_.read(unapplied), R"([["settings.motd"]])") << "before the caller has a reply";
    applier_.start(std::nullopt);
    EXPECT_EQ(*files_.read(unapplied), R"([["settings.motd"],"all"])");
}

TEST_F(ApplierTest, WhatIsAnnouncedIsNotedUntilItIsWithdrawn)
{
    applier_.announce({"settings.motd"});
    EXPECT_EQ(*files_.read(unapplied), R"([["settings.motd"]])");
    applier_.withdraw();
    EXPECT_FALSE(files_.exists(unapplied));

    const std::unique_lock at_work(socket_.may_answer);
    socket_.answers = {"{}"};
    applier_.announce({"settings.motd"});
    applier_.start(std::vector<std::string>{"settings.motd"});
    EXPECT_EQ(*files_.read(unapplied), R"([["settings.motd"]])") << "once";
}

TEST_F(ApplierTest, WhatIsAppliedIsNotedNoMore)
{
    socket_.answers = {"{}"};
    applier_.start(std::nullopt);
    EXPECT_EQ(finished()["state"], "succeeded");
    EXPECT_FALSE(files_.exists(unapplied));
}

TEST_F(ApplierTest, WhatCannotBeNotedIsAppliedAllTheSame)
{
    files_.cut_power_after(0);
    socket_.answers = {"{}"};
    applier_.start(std::nullopt);
    EXPECT_EQ(finished()["state"], "succeeded");
}

/// The unit's end of a connection while the unit is at work.
class SilentStream final : public io::ByteStream {
public:
    Result<std::size_t> read_some(std::span<char>) override
    {
        is_read.release();
        is_shut_down.acquire();
        return 0U;
    }
    Result<void> write_all(std::string_view) override { return {}; }
    void shut_down() override { is_shut_down.release(); }

    inline static std::binary_semaphore is_read{0};

private:
    std::binary_semaphore is_shut_down{0};
};

TEST(ApplierThatEnds, WaitsForNoUnitAndLeavesItsRunToTheNextServer)
{
    io::PosixClock clock;
    io::FakeFiles files;
    files.put_directory("/run");
    ApplierSocket socket;
    socket.unit = [] { return std::make_unique<SilentStream>(); };
    {
        UnitApplier applier(socket, clock, files, "/applier.sock", "/run/unapplied.json");
        applier.start(std::vector<std::string>{"settings.motd"});
        SilentStream::is_read.acquire();
    }
    EXPECT_EQ(*files.read("/run/unapplied.json"), R"([["settings.motd"]])");
}

TEST_F(ApplierTest, RunsOneAfterTheOtherAndTheLastOneCounts)
{
    socket_.answers = {R"({"n": 1})", R"({"n": 2})"};
    applier_.start(std::nullopt);
    applier_.start(std::nullopt);
    EXPECT_EQ(finished()["n"], 2);
    EXPECT_EQ(socket_.asked.size(), 2U);
}

/// A server that was killed, as its files are when the next one starts.
class Successor : public testing::TestWithParam<std::pair<const char*, std::vector<std::string>>> {
};

TEST_P(Successor, TakesUpWhatWasNotApplied)
{
    const auto& [left, asked] = GetParam();
    io::PosixClock clock;
    io::FakeFiles files({{"/run/unapplied.json", left}});
    ApplierSocket socket;
    socket.answers = {"{}", "{}"};
    UnitApplier applier(socket, clock, files, "/applier.sock", "/run/unapplied.json");
    for (int i = 0; i < 2000 && applier.status()["state"] == "running"; ++i) {
        clock.sleep(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(applier.status()["state"], asked.empty() ? "none" : "succeeded");
    EXPECT_EQ(socket.asked, asked);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Successor,
    testing::Values(std::pair{R"([["settings.motd"], "all"])",
                              std::vector<std::string>{"[\"settings.motd\"]\n", "\"all\"\n"}},
                    std::pair{"[]", std::vector<std::string>{}},
                    std::pair{"", std::vector<std::string>{"\"all\"\n"}},
                    std::pair{R"([[1]])", std::vector<std::string>{"\"all\"\n"}}));

} // namespace

} // namespace holdfast::api
