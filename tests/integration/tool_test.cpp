// The program behind ./holdfast: what it refuses, and with which words.

#include "io/posix/posix_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <format>
#include <fstream>

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Tool : public ::testing::Test {
protected:
    Tool()
    {
        std::string name = "/tmp/tool-test-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~Tool() override { fs::remove_all(folder_); }

    /// What building the variant metal-host with these lines is refused with.
    std::string refusal(const std::string& lines)
    {
        std::ofstream(folder_ / "mine.toml")
            << "include = [\"/src/holdfast/variants/metal-host.toml\"]\n"
            << lines;
        const auto outcome = processes_.run(
            {.arguments = {PROGRAMS "/holdfast", "build", "--variant", "./mine.toml"},
             .environment = {{"HOLDFAST_WORK", folder_.native()},
                             {"HOLDFAST_MIRROR", "http://no.mirror.invalid/debian"},
                             {"HOLDFAST_COMMIT", "00000000"},
                             {"SOURCE_DATE_EPOCH", "1700000000"}}});
        EXPECT_TRUE(outcome.has_value());
        EXPECT_EQ(outcome->exit_status, 1);
        return outcome->errors;
    }

    fs::path folder_;
    io::PosixProcesses processes_;
};

TEST_F(Tool, NamesFileAndLineOfASettingThatThereIsNot)
{
    EXPECT_THAT(refusal("[settings.kernel]\nlockdwn = \"none\"\n"),
                HasSubstr("/mine.toml:3: settings.kernel.lockdwn: unknown setting"));
    EXPECT_THAT(refusal("[settings.kernel]\nlockdown = \"some\"\n"),
                HasSubstr("/mine.toml:3: settings.kernel.lockdown: "));
    EXPECT_THAT(refusal("[settings]\nmotd = 1\nmodt = \"\"\n"), HasSubstr(" (and 1 more)"));
}

TEST_F(Tool, NamesFileAndLineOfAGroupOrAProgramThatThereIsNot)
{
    EXPECT_THAT(refusal("settings-groups = [\n  \"no-such-group\",\n]\n"),
                HasSubstr("/mine.toml:3: "));
    EXPECT_THAT(refusal("[root]\nprograms = [\"no-such-program\"]\n"),
                HasSubstr("/mine.toml:3: there is no program \"no-such-program\""));
}

TEST_F(Tool, OfTheShellIsExplainedBeforeAnythingIsMade)
{
    const auto told =
        processes_.run({.arguments = {"bash", "/src/holdfast/holdfast", "shell", "--help"},
                        .environment = {{"HOLDFAST_CACHE", (folder_ / "cache").native()}}});
    ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->exit_status, 0) << told->errors;
    EXPECT_THAT(told->output, HasSubstr("usage: ./holdfast shell [COMMAND"));
    EXPECT_FALSE(fs::exists(folder_ / "cache"));
}

} // namespace
} // namespace holdfast
