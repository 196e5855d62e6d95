#include "machine/console.hpp"

#include "crypto/sha256.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"

#include <format>
#include <gtest/gtest.h>

namespace holdfast::machine {
namespace {

using std::chrono_literals::operator""s;

TEST(PlainText, DropsColoursTitlesAndCarriageReturns)
{
    EXPECT_EQ(plain_text("\x1b[0;32mOK\x1b[0m\r\n"), "OK\n");
    EXPECT_EQ(plain_text("\x1b]0;title\aprompt# "), "prompt# ");
    EXPECT_EQ(plain_text("\x1b]8;;\x1b\\link"), "link");
    EXPECT_EQ(plain_text("cut \x1b["), "cut ");
}

/// As the shell writes it, over a terminal.
std::string answer_text(std::string_view output, int status)
{
    std::string text = "<answer-1>\r\n";
    for (const char c : output) {
        text += c == '\n' ? std::string("\r\n") : std::string(1, c);
    }
    return text + std::format("</answer-1={} {} ->\r\n", status, crypto::sha256(output).hex());
}

constexpr auto echo = "# echo '<ans''wer-1>'; cat /run/answer; echo '</ans''wer-1='$(cat x)'>'\r\n";

TEST(ShellAnswer, IsFoundBetweenItsMarksAndNotInTheEchoOfTheTyping)
{
    EXPECT_FALSE(find_shell_answer(echo, 1).has_value());
    EXPECT_FALSE(find_shell_answer(std::string(echo) + "<answer-1>\r\nuid=0\r\n", 1).has_value());
    const auto answer = find_shell_answer(echo + answer_text("uid=0\nno\n", 3), 1);
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->intact);
    EXPECT_EQ(answer->exit_status, 3);
    EXPECT_EQ(answer->output, "uid=0\nno");
}

TEST(ShellAnswer, MayHaveNoOutputAndNoNewlineAtItsEnd)
{
    for (const std::string output : {"", "x"}) {
        const auto answer = find_shell_answer(answer_text(output, 0), 1);
        ASSERT_TRUE(answer.has_value());
        EXPECT_TRUE(answer->intact);
        EXPECT_EQ(answer->output, output);
    }
}

TEST(ShellAnswer, IsNotMixedUpWithAnEarlierOne)
{
    EXPECT_FALSE(find_shell_answer(answer_text("old", 0), 2).has_value());
}

TEST(ShellAnswer, IsNotIntactWhenOthersWroteOrACharacterCameTwice)
{
    auto mixed = answer_text("uid=0\nno\n", 0);
    mixed.insert(mixed.find("no"), "[  OK  ] Finished grow-local-fs.service.\r\n");
    auto twice = answer_text("uid=0\n", 0);
    twice.insert(twice.find("swer"), "s");
    for (const auto& text : {mixed, twice}) {
        const auto damaged = find_shell_answer(text, 1);
        ASSERT_TRUE(damaged.has_value());
        EXPECT_FALSE(damaged->intact);
        const auto again = find_shell_answer(text + answer_text("uid=0\nno\n", 0), 1);
        ASSERT_TRUE(again.has_value());
        EXPECT_TRUE(again->intact);
        EXPECT_EQ(again->output, "uid=0\nno");
    }
}

class NoSockets final : public io::Sockets {
public:
    Result<std::unique_ptr<io::Stream>> connect_local(const std::filesystem::path& path) override
    {
        return fail(Errc::not_found, "{}", path.native());
    }
    Result<std::uint16_t> free_loopback_port() override { return 1; }
};

struct ConsoleTest : ::testing::Test {
    io::FakeFiles files;
    io::FakeClock clock;
    NoSockets sockets;
    Console console{files, clock, sockets, "/console.log", "/console.sock"};
};

TEST_F(ConsoleTest, ReadsEachLineOnce)
{
    files.put("/console.log", "boot 1\r\nready\r\nboot 2\r\n");
    EXPECT_EQ(*console.wait_for("boot", 1s), "boot 1");
    EXPECT_EQ(*console.wait_for("boot", 1s), "boot 2");
    EXPECT_FALSE(console.wait_for("boot", 1s).has_value());
}

TEST_F(ConsoleTest, SeesAPromptThatHasNoNewline)
{
    files.put("/console.log", "hello\r\n\x1b[1mlogin:\x1b[0m ");
    EXPECT_EQ(*console.wait_for("login: $", 1s), "login: ");
}

TEST_F(ConsoleTest, GivesUpAfterTheLimitAndShowsTheLastLines)
{
    files.put("/console.log", "Kernel panic\n");
    const auto before = clock.monotonic_now();
    const auto found = console.wait_for("login", 5s);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code(), Errc::timeout);
    EXPECT_NE(found.error().message().find("Kernel panic"), std::string::npos);
    EXPECT_LT(clock.monotonic_now() - before, 6s);
}

TEST_F(ConsoleTest, WaitsForALogThatDoesNotExistYet)
{
    const auto found = console.wait_for("login", 1s);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code(), Errc::timeout);
}

TEST_F(ConsoleTest, ForgetsWhatWasBefore)
{
    files.put("/console.log", "ready\n");
    ASSERT_TRUE(console.skip_to_end());
    EXPECT_FALSE(console.wait_for("ready", 1s).has_value());
}

TEST_F(ConsoleTest, RefusesABrokenPattern)
{
    const auto found = console.wait_for("(", 1s);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code(), Errc::invalid);
}

} // namespace
} // namespace holdfast::machine
