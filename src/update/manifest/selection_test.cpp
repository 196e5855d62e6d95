#include "update/manifest/selection.hpp"

#include "base/text.hpp"
#include "base/utc_time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::chrono::sys_seconds now = *parse_utc_time("2024-01-01T00:00:00Z");

Version parsed(std::string_view text)
{
    return *Version::parse(text);
}

Update update(std::string_view text, std::string_view max_version, Waves waves = {})
{
    return {.variant = "metal-dev",
            .arch = "x86_64",
            .version = parsed(text),
            .max_version = parsed(max_version),
            .waves = std::move(waves),
            .images = {"boot", "root", "hash"}};
}

std::vector<std::string> texts(const std::vector<Update>& updates)
{
    std::vector<std::string> texts;
    for (const auto& update : updates) {
        texts.push_back(update.version.str());
    }
    return texts;
}

TEST(AvailableUpdates, AreThoseOfTheMachineThatAreDueNewestFirst)
{
    Manifest manifest;
    manifest.updates = {update("1.0.0", "1.3.0"), update("1.10.0", "1.3.0"), // withdrawn
                        update("1.3.0", "1.3.0"), update("1.2.0", "1.3.0", {{0, now + 1h}}),
                        update("1.1.0", "1.3.0", {{0, now - 1h}})};
    auto other = update("1.3.0", "1.3.0");
    other.variant = "metal-k8s";
    manifest.updates.push_back(other);
    other.variant = "metal-dev";
    other.arch = "aarch64";
    manifest.updates.push_back(other);

    Viewpoint viewpoint{.variant = "metal-dev", .arch = "x86_64", .seed = 7, .now = now};
    EXPECT_THAT(texts(available_updates(manifest, viewpoint)),
                ElementsAre("1.3.0", "1.1.0", "1.0.0"));
    viewpoint.ignore_waves = true;
    EXPECT_THAT(texts(available_updates(manifest, viewpoint)),
                ElementsAre("1.3.0", "1.2.0", "1.1.0", "1.0.0"));
    viewpoint.variant = "metal-k8s";
    EXPECT_EQ(available_updates(manifest, viewpoint).size(), 1);
}

struct Choice {
    const char* rule;
    std::vector<Update> available;
    const char* current;
    const char* lock;
    const char* chosen; ///< "" for nothing.
};

class UpdateChoice : public ::testing::TestWithParam<Choice> {};

TEST_P(UpdateChoice, FollowsTheRule)
{
    const auto& choice = GetParam();
    const auto chosen =
        choose_update(choice.available, parsed(choice.current), *VersionLock::parse(choice.lock));
    EXPECT_EQ(chosen ? chosen->version.str() : "", choice.chosen) << choice.rule;
}

const std::vector<Update> three{update("1.2.0", "1.2.0"), update("1.1.0", "1.2.0"),
                                update("1.0.0", "1.2.0")};

INSTANTIATE_TEST_SUITE_P(
    Rules, UpdateChoice,
    ::testing::Values(
        Choice{"nothing offered", {}, "1.0.0", "latest", ""},
        Choice{"latest is the newest", three, "1.0.0", "latest", "1.2.0"},
        Choice{"latest at the newest", three, "1.2.0", "latest", ""},
        Choice{"latest never goes back by itself", three, "1.2.0-rc.1", "latest", "1.2.0"},
        Choice{"a withdrawn version goes to the highest allowed", three, "1.3.0", "latest",
               "1.2.0"},
        Choice{
            "older offers alone change nothing", {update("1.0.0", "1.2.0")}, "1.2.0", "latest", ""},
        Choice{"a version not in the list but allowed stays",
               {update("1.0.0", "1.2.0")},
               "1.1.5",
               "latest",
               ""},
        Choice{"lock at the current version", three, "1.1.0", "1.1.0", ""},
        Choice{"lock to a newer", three, "1.0.0", "1.1.0", "1.1.0"},
        Choice{"lock to an older", three, "1.2.0", "1.0.0", "1.0.0"},
        Choice{"lock with v", three, "1.2.0", "v1.0.0", "1.0.0"},
        Choice{"lock to a version that is not offered", three, "1.0.0", "1.1.1", ""},
        Choice{"lock holds a withdrawn version", three, "1.3.0", "1.3.0", ""}));

TEST(FindUpdate, TakesTheExactVersionOrNothing)
{
    EXPECT_EQ(find_update(three, parsed("1.1.0"))->version.str(), "1.1.0");
    EXPECT_FALSE(find_update(three, parsed("1.1.1")).has_value());
}

struct Path {
    const char* rule;
    const char* from;
    const char* to;
    std::vector<std::string> files;
};

class MigrationPath : public ::testing::TestWithParam<Path> {};

/// Steps of one, and a short cut from 1.0.0 to 1.2.0 that overshoots 1.1.0.
Migrations steps()
{
    Migrations migrations;
    const auto add = [&](const char* from, const char* to, std::vector<std::string> files) {
        migrations[{parsed(from), parsed(to)}] = std::move(files);
    };
    add("1.0.0", "1.1.0", {"a1", "a2"});
    add("1.1.0", "1.2.0", {"b"});
    add("1.0.0", "1.2.0", {"ab"});
    add("1.2.0", "1.3.0", {});
    add("1.3.0", "1.4.0", {"d1", "d2"});
    add("1.6.0", "1.5.0", {"backwards"});
    add("1.7.0", "1.7.0", {"nowhere"});
    return migrations;
}

TEST_P(MigrationPath, TakesTheLongestStepsThatFit)
{
    const auto& path = GetParam();
    const auto files = migration_path(steps(), parsed(path.from), parsed(path.to));
    ASSERT_TRUE(files.has_value()) << path.rule;
    EXPECT_EQ(*files, path.files) << path.rule;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, MigrationPath,
    ::testing::Values(Path{"same version", "1.0.0", "1.0.0", {}},
                      Path{"same version, unknown", "9.0.0", "9.0.0", {}},
                      Path{"one step", "1.0.0", "1.1.0", {"a1", "a2"}},
                      Path{"short cut", "1.0.0", "1.2.0", {"ab"}},
                      Path{"empty step", "1.2.0", "1.3.0", {}},
                      Path{"over an empty step", "1.0.0", "1.4.0", {"ab", "d1", "d2"}},
                      Path{"from the middle", "1.1.0", "1.4.0", {"b", "d1", "d2"}},
                      Path{"down", "1.1.0", "1.0.0", {"a2", "a1"}},
                      Path{"down all the way", "1.4.0", "1.0.0", {"d2", "d1", "ab"}}));

TEST(MigrationPathTo, AVersionWithoutStepsIsRefused)
{
    for (const auto* target : {"1.5.0", "1.2.1", "0.9.0", "1.7.0"}) {
        const auto path = migration_path(steps(), parsed("1.0.0"), parsed(target));
        ASSERT_FALSE(path.has_value()) << target;
        EXPECT_EQ(path.error().code(), Errc::not_found);
    }
    // Steps that lead down or nowhere must not be taken, nor loop.
    EXPECT_FALSE(migration_path(steps(), parsed("1.5.0"), parsed("1.6.0")).has_value());
    EXPECT_THAT(migration_path(steps(), parsed("1.4.0"), parsed("1.5.0")).error().message(),
                HasSubstr("from 1.4.0 to 1.5.0"));
}

} // namespace
} // namespace holdfast::update
