#include "io/posix/posix_system.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace holdfast::io {
namespace {

using namespace std::chrono_literals;

Result<Outcome> run_script(const std::string& script, std::chrono::milliseconds time_limit = 20s,
                           std::string input = {})
{
    PosixProcesses processes;
    return processes.run(
        {.arguments = {"sh", "-c", script}, .input = std::move(input), .time_limit = time_limit});
}

TEST(PosixProcessesTest, CollectsMoreThanAPipeHoldsAndFeedsTheInput)
{
    const std::string input(300'000, 'x');
    const auto outcome = run_script("tee /dev/stderr; exit 3", 20s, input);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
    EXPECT_EQ(outcome->exit_status, 3);
    EXPECT_EQ(outcome->output, input);
    EXPECT_EQ(outcome->errors, input);
}

TEST(PosixProcessesTest, TellsOfASignal)
{
    const auto outcome = run_script("kill -TERM $$");
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
    EXPECT_EQ(outcome->exit_status, 128 + 15);
}

TEST(PosixProcessesTest, SaysWhichProgramIsMissing)
{
    PosixProcesses processes;
    const auto outcome = processes.run({.arguments = {"no-such-program"}});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code(), Errc::not_found);
    EXPECT_TRUE(outcome.error().message().contains("no-such-program"));
}

/// It closes its streams, or only sleeps: the time limit is on the process.
TEST(PosixProcessesTest, EndsWhatTakesTooLong)
{
    for (const std::string script : {"exec >&- 2>&- sleep 5", "exec sleep 5"}) {
        SCOPED_TRACE(script);
        const auto start = std::chrono::steady_clock::now();
        const auto outcome = run_script(script, 100ms);
        EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().code(), Errc::timeout);
    }
}

/// As a daemon that a program leaves behind without closing what it inherited.
TEST(PosixProcessesTest, DoesNotWaitForWhatHoldsTheStreamsLonger)
{
    const auto outcome = run_script("sleep 5 & echo said; echo told >&2", 4s);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
    EXPECT_EQ(outcome->exit_status, 0);
    EXPECT_EQ(outcome->output, "said\n");
    EXPECT_EQ(outcome->errors, "told\n");
}

} // namespace
} // namespace holdfast::io
