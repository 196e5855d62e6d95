#include "update/manifest/manifest.hpp"

#include "base/utc_time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace holdfast::update {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view sample = R"json({
  "updates": [{
    "variant": "metal-dev", "arch": "x86_64", "version": "1.2.3", "max_version": "1.2.9",
    "waves": {"0": "2024-01-01T00:00:00Z", "20": "2024-01-01T03:00:00+01:00"},
    "images": {"boot": "h-boot.efi", "root": "h-root.erofs", "hash": "h-hash.verity"},
    "comment": "unknown keys are ignored"
  }],
  "migrations": {"(1.2.2, 1.2.3)": ["migrate_v1.2.3_x.toml"], "(1.2.1, 1.2.2)": []},
  "extra": 1
})json";

Version version(std::string_view text)
{
    return *Version::parse(text);
}

TEST(Manifest, ReadsUpdatesWavesAndMigrations)
{
    const auto manifest = parse_manifest(sample);
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
    ASSERT_EQ(manifest->updates.size(), 1);
    const auto& update = manifest->updates.front();
    EXPECT_EQ(update.variant, "metal-dev");
    EXPECT_EQ(update.arch, "x86_64");
    EXPECT_EQ(update.version, version("1.2.3"));
    EXPECT_EQ(update.max_version, version("1.2.9"));
    EXPECT_EQ(update.waves, (Waves{{0, *parse_utc_time("2024-01-01T00:00:00Z")},
                                   {20, *parse_utc_time("2024-01-01T02:00:00Z")}}));
    EXPECT_EQ(update.images, (Images{"h-boot.efi", "h-root.erofs", "h-hash.verity"}));
    ASSERT_EQ(manifest->migrations.size(), 2);
    EXPECT_THAT(manifest->migrations.at({version("1.2.2"), version("1.2.3")}),
                ElementsAre("migrate_v1.2.3_x.toml"));
    EXPECT_THAT(manifest->migrations.at({version("1.2.1"), version("1.2.2")}), ElementsAre());
}

TEST(Manifest, KeepsWhatItDoesNotKnow)
{
    auto text = std::string(sample);
    text.replace(text.find("\"boot\""), 0, "\"more\": [1, 2], ");
    const auto json = to_json(*parse_manifest(text));
    EXPECT_EQ(json["extra"], 1);
    EXPECT_EQ(json["updates"][0]["comment"], "unknown keys are ignored");
    EXPECT_EQ(json["updates"][0]["images"]["more"], Json({1, 2}));
}

/// The sample with one part replaced.
std::string altered(std::string_view from, std::string_view to)
{
    std::string text(sample);
    const auto position = text.find(from);
    check(position != std::string::npos, "the sample holds what is to be altered");
    return text.replace(position, from.size(), to);
}

TEST(Manifest, SaysWhatIsWrongAndWhere)
{
    struct Case {
        const char* from;
        const char* to;
        const char* message;
    };
    for (const auto& [from, to, message] : {
             Case{R"("updates")", R"("upgrades")", "`updates` is missing"},
             Case{R"("migrations")", R"("migration")", "`migrations` is missing"},
             Case{R"("arch": "x86_64",)", "", "`updates` 0: `arch` is missing"},
             Case{R"("metal-dev")", "7", "`variant`: expected a text"},
             Case{R"("1.2.3", "max)", R"("1.2", "max)", "`version`: expected a version"},
             Case{R"("1.2.9")", R"("latest")", "`max_version`: expected a version"},
             Case{R"("0": )", R"("00": )", "`waves`: expected a seed"},
             Case{R"("0": )", R"("-1": )", "`waves`: expected a seed"},
             Case{R"("20": )", R"("4294967296": )", "`waves`: expected a seed"},
             Case{R"("20": )", R"("0": )", "twice"},
             Case{R"("2024-01-01T00:00:00Z")", R"("today")", "seed 0: expected a time"},
             Case{R"("h-root.erofs")", R"("../etc/passwd")", "`root`: the name of a target"},
             Case{R"("h-root.erofs")", R"("..")", "`root`: the name of a target"},
             Case{R"("h-root.erofs")", R"("")", "`root`: the name of a target"},
             Case{R"("migrate_v1.2.3_x.toml")", R"("a/b")", "(1.2.2, 1.2.3): the name"},
             Case{R"(["migrate_v1.2.3_x.toml"])", R"("x")", "(1.2.2, 1.2.3): expected a list"},
             Case{"(1.2.1, 1.2.2)", "(1.2.1,1.2.2)", "expected two versions"},
             Case{"(1.2.1, 1.2.2)", "(1.2.1, 1.2.x)", "expected a version"},
             Case{"(1.2.1, 1.2.2)", "1.2.1, 1.2.2", "expected two versions"},
             Case{"(1.2.1, 1.2.2)", "(1.2.2, 1.2.3)", "twice"},
             Case{"(1.2.1, 1.2.2)", "(, )", "expected a version"},
         }) {
        const auto manifest = parse_manifest(altered(from, to));
        ASSERT_FALSE(manifest.has_value()) << to;
        EXPECT_EQ(manifest.error().code(), Errc::invalid);
        EXPECT_THAT(manifest.error().message(), HasSubstr(message)) << to;
    }
    EXPECT_EQ(parse_manifest("[]").error().code(), Errc::invalid);
    EXPECT_EQ(parse_manifest(std::string(3U << 20, ' ')).error().code(), Errc::too_large);
}

TEST(Manifest, NamesTheBlockListAfterTheRoot)
{
    EXPECT_EQ(block_list_target({"h-boot.efi", "h-root.erofs", "h-hash.verity"}), "h-blocks.list");
    EXPECT_EQ(block_list_target({"b", "r", "h"}), "r-blocks.list");
}

TEST(Manifest, IsCheckedForPublishing)
{
    const auto good = *parse_manifest(sample);
    EXPECT_TRUE(check_manifest(good).has_value());

    auto twice = good;
    twice.updates.push_back(twice.updates.front());
    EXPECT_THAT(check_manifest(twice).error().message(), HasSubstr("is there twice"));

    auto two_limits = good;
    two_limits.updates.push_back(two_limits.updates.front());
    two_limits.updates.back().version = version("1.2.4");
    EXPECT_TRUE(check_manifest(two_limits).has_value());
    two_limits.updates.back().max_version = version("1.3.0");
    EXPECT_THAT(check_manifest(two_limits).error().message(), HasSubstr("one max_version"));

    auto waves = good;
    waves.updates.front().waves[30] = std::chrono::sys_seconds();
    EXPECT_THAT(check_manifest(waves).error().message(), HasSubstr("must start before"));
}

std::string any_name()
{
    return *rc::gen::nonEmpty(
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcxyz019_-"))));
}

Version any_version()
{
    const auto number = [] { return *rc::gen::inRange(0, 50); };
    const auto suffix = *rc::gen::element<std::string>("", "-rc.1", "-alpha", "+build.7");
    return version(std::format("{}.{}.{}{}", number(), number(), number(), suffix));
}

Waves any_waves()
{
    Waves waves;
    for (const auto seed : *rc::gen::container<std::vector<Seed>>(rc::gen::arbitrary<Seed>())) {
        waves[seed] = std::chrono::sys_seconds(
            std::chrono::seconds(*rc::gen::inRange<std::int64_t>(0, 250'000'000'000)));
    }
    return waves;
}

Manifest any_manifest()
{
    Manifest manifest;
    for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
        manifest.updates.push_back({.variant = *rc::gen::arbitrary<bool>() ? any_name() : "é \" \\",
                                    .arch = any_name(),
                                    .version = any_version(),
                                    .max_version = any_version(),
                                    .waves = any_waves(),
                                    .images = {any_name(), any_name(), any_name()}});
    }
    for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
        auto& files = manifest.migrations[{any_version(), any_version()}];
        for (int count = *rc::gen::inRange(0, 3); count > 0; --count) {
            files.push_back(any_name());
        }
    }
    return manifest;
}

TEST(Manifest, ReadsWhatItWrites)
{
    EXPECT_TRUE(rc::check("round trip", [] {
        const auto manifest = any_manifest();
        const auto again = parse_manifest(to_text(to_json(manifest)));
        RC_ASSERT(again.has_value());
        RC_ASSERT(*again == manifest);
    }));
}

} // namespace
} // namespace holdfast::update
