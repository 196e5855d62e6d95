#include "update/tuf/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::tuf {
namespace {

using ::testing::ElementsAre;

std::optional<ProgramOptions> parsed(const std::vector<std::string>& arguments)
{
    auto result = parse_options(arguments);
    const auto* options = std::get_if<ProgramOptions>(&result);
    return options != nullptr ? std::optional(std::move(*options)) : std::nullopt;
}

TEST(Options, StandBeforeTheVerb)
{
    const auto options = parsed({"--metadata-dir", "/d", "--metadata-url", "http://m",
                                 "--target-name", "a", "--target-name", "b", "--target-dir", "t",
                                 "--target-base-url", "http://t", "download"});
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->verb, ProgramOptions::Verb::download);
    EXPECT_THAT(options->target_names, ElementsAre("a", "b"));
    EXPECT_EQ(options->client.metadata_dir, "/d");
    EXPECT_EQ(options->target_dir, "./t");
}

TEST(Options, OfInitAreTheFolderAndTheFile)
{
    const auto options = parsed({"--metadata-dir", "/d", "init", "/root.json"});
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->root_file, "/root.json");
}

TEST(Options, AreRefusedWithStatus1)
{
    const std::vector<std::string> cases[] = {
        {},
        {"--metadata-dir", "/d"},
        {"--metadata-dir", "/d", "refresh"},
        {"--metadata-url", "http://m", "refresh"},
        {"--metadata-dir", "/d", "--metadata-url", "http://m", "download"},
        {"--metadata-dir", "/d", "init"},
        {"--metadata-dir", "/d", "dance"},
    };
    for (const auto& arguments : cases) {
        const auto result = parse_options(arguments);
        ASSERT_TRUE(std::holds_alternative<int>(result));
        EXPECT_EQ(std::get<int>(result), 1);
    }
}

} // namespace
} // namespace holdfast::tuf
