#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::io {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(FakeProcesses, GivesTheAnswerWithTheMostWordsAndRecordsAll)
{
    FakeProcesses processes;
    processes.answer("ip", {.output = "any"});
    processes.answer("ip link", {.output = "link"});
    EXPECT_EQ(processes.run({.arguments = {"ip", "link", "show"}})->output, "link");
    EXPECT_EQ(processes.run({.arguments = {"ip", "address"}})->output, "any");
    EXPECT_EQ(processes.run({.arguments = {"iptables"}}).error().code(), Errc::not_found);
    EXPECT_THAT(processes.command_lines(), ElementsAre("ip link show", "ip address", "iptables"));
}

TEST(FakeProcesses, GivesAnswersInTurn)
{
    FakeProcesses processes;
    processes.answer("try", Error(Errc::timeout, "slow"));
    processes.answer("try", {.exit_status = 3});
    const Command command{.arguments = {"try"}};
    EXPECT_EQ(processes.run(command).error().code(), Errc::timeout);
    EXPECT_EQ(processes.run(command)->exit_status, 3);
    EXPECT_EQ(processes.run(command)->exit_status, 3);
}

TEST(FakeClock, PassesOnlyWhenToldOrSlept)
{
    FakeClock clock;
    const auto start = clock.now();
    clock.sleep(5s);
    clock.advance(2s);
    EXPECT_EQ(clock.now() - start, 7s);
    EXPECT_EQ(clock.slept(), 5s);
}

TEST(FakeRandom, RepeatsForASeed)
{
    FakeRandom one(1);
    FakeRandom same(1);
    FakeRandom other(2);
    const auto text = random_alphanumerics(one, 20);
    EXPECT_EQ(random_alphanumerics(same, 20), text);
    EXPECT_NE(random_alphanumerics(other, 20), text);
}

} // namespace
} // namespace holdfast::io
