#include "update/repository/content.hpp"

#include "crypto/sha256.hpp"
#include "update/manifest/selection.hpp"
#include "update/repository/testing/test_publisher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::publish {
namespace {

using ::testing::HasSubstr;

const auto& channel = TestPublisher::channel;

AddOptions from(const std::vector<std::string>& migrates_from)
{
    AddOptions options;
    for (const auto& version : migrates_from) {
        options.migrates_from.push_back(version_of(version));
    }
    return options;
}

/// A build with partitions of so many bytes, and with migrations of these versions.
Build build_of(const std::string& version, std::uint64_t partition = 1000,
               const std::vector<std::string>& migrations = {})
{
    auto build = TestPublisher::build(version);
    build.partitions = {.boot = partition, .root = partition, .hash = partition};
    for (const auto& migration : migrations) {
        build.migrations.insert(
            {.version = version_of(migration), .name = "motd", .sha256 = "of " + migration});
    }
    return build;
}

/// Offers 1.0.0 and 1.1.0.
struct Offered : ::testing::Test {
    Content content;

    void SetUp() override
    {
        ASSERT_TRUE(add("1.0.0").has_value());
        ASSERT_TRUE(add("1.1.0", {"1.0.0"}).has_value());
    }
    Result<void> add(const Build& build, const std::vector<std::string>& migrates_from = {})
    {
        return add_build(content, build, from(migrates_from));
    }
    Result<void> add(const std::string& version, const std::vector<std::string>& migrates_from = {})
    {
        return add(build_of(version), migrates_from);
    }
    std::string refusal(const Build& build, const std::vector<std::string>& migrates_from = {})
    {
        const auto added = add(build, migrates_from);
        return added.has_value() ? "accepted" : added.error().message();
    }
    std::string max_version() const { return content.manifest.updates.front().max_version.str(); }
};

TEST_F(Offered, BuildsAreTargetsWithTheirVersion)
{
    const auto& target = content.targets.targets.at("holdfast-metal-x86_64-1.1.0-root.erofs");
    EXPECT_EQ(target.custom["variant"], "metal");
    EXPECT_EQ(target.custom["arch"], "x86_64");
    EXPECT_EQ(target.custom["version"], "1.1.0");
    EXPECT_TRUE(content.targets.targets.contains("holdfast-metal-x86_64-1.1.0-blocks.list"));
    EXPECT_EQ(max_version(), "1.1.0");
    EXPECT_TRUE(check_content(content, channel).has_value());
}

TEST_F(Offered, OtherVariantsAndArchitecturesAreRefused)
{
    const auto problem = [&](const Channel& other) {
        const auto checked = check_content(content, other);
        return checked.has_value() ? "accepted" : checked.error().message();
    };
    EXPECT_EQ(problem({.variant = "cloud", .arch = "x86_64"}),
              "the manifest of cloud/x86_64 offers metal/x86_64");
    EXPECT_EQ(problem({.variant = "metal", .arch = "aarch64"}),
              "the manifest of metal/aarch64 offers metal/x86_64");
}

TEST_F(Offered, VersionsAreRefusedThatMachinesCouldNotTake)
{
    EXPECT_THAT(refusal(build_of("1.1.0")), HasSubstr("already"));
    EXPECT_THAT(refusal(build_of("1.2.0")), HasSubstr("machines at 1.0.0 could not convert"));
    EXPECT_THAT(refusal(build_of("1.2.0"), {"0.9.0"}), HasSubstr("no chain"));
    EXPECT_THAT(refusal(build_of("1.2.0", 10), {"1.1.0"}), HasSubstr("partitions of 10"));
    EXPECT_EQ(refusal(build_of("1.2.0"), {"1.1.0"}), "accepted");
}

TEST_F(Offered, OldMachinesHaveTheirOldPartitions)
{
    auto build = build_of("1.2.0", 5000);
    build.root.size = 1001;
    EXPECT_THAT(refusal(build, {"1.1.0"}), HasSubstr("partitions of 1000"));
}

TEST_F(Offered, MigrationsMustNotBePassedOver)
{
    const auto try_out = [this](const Build& build, const std::vector<std::string>& migrates_from) {
        const auto before = content;
        auto said = refusal(build, migrates_from);
        content = before;
        return said;
    };
    ASSERT_TRUE(add(build_of("1.2.0", 1000, {"1.0.0", "1.2.0"}), {"1.1.0"}).has_value());
    EXPECT_THAT(try_out(build_of("1.3.0"), {"1.2.0"}),
                HasSubstr("the build of 1.2.0 carries the migration motd of 1.2.0; that of 1.3.0 lacks"));
    EXPECT_EQ(try_out(build_of("1.3.0", 1000, {"1.2.0", "1.3.0"}), {"1.2.0"}), "accepted")
        << "no machine is older than 1.0.0";
    auto other = build_of("1.3.0", 1000, {"1.2.0"});
    auto changed = other.migrations.extract(other.migrations.begin());
    changed.value().sha256 = "of something else";
    other.migrations.insert(std::move(changed));
    EXPECT_THAT(try_out(other, {"1.2.0"}), HasSubstr("or has another one of that name"));

    EXPECT_THAT(try_out(build_of("1.1.1", 1000, {"1.1.1"}), {"1.1.0", "1.2.0"}),
                HasSubstr("the build of 1.1.1 carries the migration motd of 1.1.1; that of 1.2.0"));
    EXPECT_EQ(try_out(build_of("1.1.1"), {"1.1.0", "1.2.0"}), "accepted");

    // Machines are at 1.2.0 still, with their settings as its migration left them.
    ASSERT_TRUE(remove_version(content, channel, version_of("1.2.0")).has_value());
    EXPECT_THAT(try_out(build_of("1.3.0"), {"1.2.0"}), HasSubstr("the migration motd of 1.2.0"));
    ASSERT_TRUE(retire_version(content, channel, version_of("1.2.0")).has_value());
    EXPECT_EQ(try_out(build_of("1.3.0"), {"1.1.0"}), "accepted");
}

TEST_F(Offered, AnOlderBuildDoesNotLowerTheNewestVersion)
{
    ASSERT_TRUE(add("1.0.5", {"1.0.0", "1.1.0"}).has_value());
    EXPECT_EQ(max_version(), "1.1.0");
}

TEST_F(Offered, VersionsCanBeTakenBack)
{
    ASSERT_TRUE(remove_version(content, channel, version_of("1.1.0")).has_value());
    EXPECT_FALSE(content.targets.targets.contains("holdfast-metal-x86_64-1.1.0-root.erofs"));
    EXPECT_FALSE(content.targets.targets.contains("holdfast-metal-x86_64-1.1.0-blocks.list"));
    EXPECT_EQ(remove_version(content, channel, version_of("1.1.0")).error().code(),
              Errc::not_found);
    EXPECT_EQ(content.manifest.migrations.size(), 1U) << "machines at 1.1.0 must find back";
}

TEST_F(Offered, MachinesAtAVersionThatWasTakenBackGoToTheNextOneThatIsAdded)
{
    ASSERT_TRUE(remove_version(content, channel, version_of("1.1.0")).has_value());
    ASSERT_TRUE(add("1.0.1", {"1.0.0", "1.1.0"}).has_value());
    EXPECT_EQ(max_version(), "1.0.1");
}

TEST_F(Offered, MachinesOfAVersionThatWasTakenBackStillCount)
{
    ASSERT_TRUE(add(build_of("1.1.1", 700), {"1.1.0"}).has_value());
    for (const auto* version : {"1.1.0", "1.1.1"}) {
        ASSERT_TRUE(remove_version(content, channel, version_of(version)).has_value());
    }
    auto build = TestPublisher::build("1.2.0");
    const auto refused = [&](const char* migrates_from) {
        auto copy = content;
        return add_build(copy, build, from({migrates_from})).error().message();
    };
    EXPECT_THAT(refused("1.0.0"), HasSubstr("machines at 1.1.0 could not convert"));
    build.root.size = 701;
    EXPECT_THAT(refused("1.1.1"), HasSubstr("partitions of 700"));

    ASSERT_TRUE(store_manifest(content).has_value()) << "that is where it is kept";
    ASSERT_TRUE(retire_version(content, channel, version_of("1.1.1")).has_value());
    EXPECT_EQ(retire_version(content, channel, version_of("1.1.1")).error().code(),
              Errc::not_found);
    EXPECT_TRUE(add(build, {"1.1.0"}).has_value());
    ASSERT_TRUE(retire_version(content, channel, version_of("1.2.0")).has_value());
    EXPECT_FALSE(content.targets.targets.contains(build.root.name));
    EXPECT_EQ(refusal(build_of("1.3.0"), {"1.1.0"}), "accepted");

    content.targets.targets.at("manifest.json").custom = {{"withdrawn", {{"1.1.0", "large"}}}};
    EXPECT_THAT(refusal(build_of("1.4.0"), {"1.3.0"}), HasSubstr("boot"));
}

TEST_F(Offered, MaxVersionIsOneForAll)
{
    ASSERT_TRUE(set_max_version(content, channel, version_of("1.0.0")).has_value());
    for (const auto& entry : content.manifest.updates) {
        EXPECT_EQ(entry.max_version.str(), "1.0.0");
    }
    EXPECT_FALSE(set_max_version(content, channel, version_of("7.0.0")).has_value());
    ASSERT_TRUE(add("1.0.1", {"1.0.0", "1.1.0"}).has_value());
    EXPECT_EQ(max_version(), "1.0.1") << "a hotfix does not bring the bad 1.1.0 back";
    EXPECT_THAT(refusal(build_of("1.2.0"), {"1.0.1", "1.1.0"}),
                HasSubstr("1.1.0 is above the highest version that machines may take (1.0.1), and "
                          "adding 1.2.0 would offer it again; take it off the list first: repo "
                          "remove --variant metal --arch x86_64 1.1.0"));
    EXPECT_EQ(max_version(), "1.0.1");
    ASSERT_TRUE(remove_version(content, channel, version_of("1.1.0")).has_value());
    ASSERT_TRUE(add("1.2.0", {"1.0.1", "1.1.0"}).has_value());
    EXPECT_EQ(max_version(), "1.2.0");
}

/// A fix above the bad version, given in waves: who waits for it stays where it is.
TEST_F(Offered, NoFixBringsTheBadVersionBackToThoseWhoWaitForIt)
{
    const std::chrono::sys_seconds release = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
    const auto goes_to = [&](const char* at, update::Seed seed) {
        const auto available = update::available_updates(
            content.manifest,
            {.variant = "metal", .arch = "x86_64", .seed = seed, .now = release});
        const auto chosen = update::choose_update(available, version_of(at), {});
        return chosen ? chosen->version.str() : "nothing";
    };
    ASSERT_TRUE(add(build_of("1.2.0", 700, {"1.2.0"}), {"1.1.0"}).has_value());
    ASSERT_TRUE(set_max_version(content, channel, version_of("1.1.0")).has_value());
    EXPECT_EQ(goes_to("1.2.0", 1000), "1.1.0");

    const auto add_fix = [&](const Build& build) {
        auto with = from({"1.2.0"});
        with.waves = {{0, release - std::chrono::hours(1)}, {20, release + std::chrono::hours(3)},
                      {2000, release + std::chrono::days(1)}};
        auto changed = content;
        auto added = add_build(changed, build, with);
        if (added.has_value()) {
            content = std::move(changed);
        }
        return added.has_value() ? "accepted" : added.error().message();
    };
    const auto fix = build_of("1.2.1", 1000, {"1.2.0"});
    EXPECT_THAT(add_fix(fix), HasSubstr("1.2.0 is above the highest version"));
    ASSERT_TRUE(remove_version(content, channel, version_of("1.2.0")).has_value());
    EXPECT_THAT(add_fix(build_of("1.2.1")), HasSubstr("the migration motd of 1.2.0"))
        << "machines are at 1.2.0 still";
    auto large = fix;
    large.root.size = 701;
    EXPECT_THAT(add_fix(large), HasSubstr("partitions of 700"));
    EXPECT_EQ(add_fix(fix), "accepted");
    EXPECT_EQ(goes_to("1.1.0", 1), "1.2.1");
    EXPECT_EQ(goes_to("1.1.0", 1000), "nothing");
    EXPECT_EQ(goes_to("1.0.0", 1000), "1.1.0");
}

TEST_F(Offered, WavesMustAscend)
{
    const std::chrono::sys_seconds start = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
    const auto version = version_of("1.1.0");
    EXPECT_TRUE(
        set_waves(content, channel, version, {{0, start}, {20, start + std::chrono::hours(1)}})
            .has_value());
    EXPECT_FALSE(
        set_waves(content, channel, version, {{0, start}, {20, start - std::chrono::hours(1)}})
            .has_value());
}

TEST(Trust, IsInARootOfThisRepository)
{
    auto build = TestPublisher::build("1.2.0");
    const std::vector<std::string> roots{"the first", "the second"};
    EXPECT_THAT(check_trust(build, roots).error().message(), HasSubstr("carries no root of trust"));
    for (const auto& root : roots) {
        build.update_root = crypto::sha256(root).hex();
        EXPECT_TRUE(check_trust(build, roots).has_value());
    }
    build.update_root = crypto::sha256("another").hex();
    EXPECT_THAT(check_trust(build, roots).error().message(),
                HasSubstr("none of this repository's"));
}

TEST(ParseBuild, ReadsWhatTheImageBuilderWrites)
{
    const std::string text =
        R"({"name": "holdfast-metal-x86_64-1.2.0-1a2b3c4d", "variant": "metal",
        "architecture": "x86_64", "version": "1.2.0",
        "partitions": {"boot": 64, "root": 512, "hash": 8},
        "migrations": [{"version": "1.1.0", "name": "motd", "sha256": "ee"}],
        "update-root": "ff", "files": [
        {"name": "holdfast-metal-x86_64-1.2.0-1a2b3c4d.img", "size": 9, "sha256": "aa"},
        {"name": "holdfast-metal-x86_64-1.2.0-1a2b3c4d-boot.efi", "size": 1, "sha256": "bb"},
        {"name": "holdfast-metal-x86_64-1.2.0-1a2b3c4d-root.erofs", "size": 2, "sha256": "cc"},
        {"name": "holdfast-metal-x86_64-1.2.0-1a2b3c4d-hash.verity", "size": 3, "sha256": "dd"}]})";
    const auto build = parse_build(text);
    ASSERT_TRUE(build.has_value()) << build.error().message();
    EXPECT_EQ(build->channel.str(), "metal/x86_64");
    EXPECT_EQ(build->version.str(), "1.2.0");
    EXPECT_EQ(build->root.size, 2U);
    EXPECT_EQ(build->hash.sha256, "dd");
    EXPECT_EQ(build->partitions.root, 512U);
    const Migration motd{.version = version_of("1.1.0"), .name = "motd", .sha256 = "ee"};
    EXPECT_EQ(build->migrations, std::set<Migration>{motd});
    EXPECT_EQ(build->update_root, "ff");
    auto without_root = text;
    without_root.replace(without_root.find("\"ff\""), 4, "null");
    EXPECT_EQ(parse_build(without_root)->update_root, std::nullopt);

    for (const auto& [what, instead] :
         {std::pair("\"metal\"", "\"other\""), std::pair("-root.erofs", "-root.xfs"),
          std::pair("\"1.2.0\"", "\"1.3.0\""), std::pair("\"size\": 3", "\"size\": \"3\""),
          std::pair("\"1.1.0\"", "\"1.1\""), std::pair("\"hash\": 8", "\"hash\": 0"),
          std::pair("\"ff\"", "7")}) {
        std::string changed = text;
        changed.replace(changed.find(what), std::string_view(what).size(), instead);
        EXPECT_FALSE(parse_build(changed).has_value()) << what;
    }
    for (const auto* field : {"partitions", "migrations", "update-root"}) {
        auto old = text;
        old.replace(old.find(field), 1, "x");
        EXPECT_THAT(parse_build(old).error().message(), HasSubstr("Build it anew"));
    }
}

} // namespace
} // namespace holdfast::publish
