#include "update/manifest/waves.hpp"

#include "base/utc_time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::chrono::sys_seconds release = *parse_utc_time("2024-01-01T00:00:00Z");

const Waves two_waves{{0, release + 1h}, {100, release + 11h}, {1000, release + 100h}};

struct Lookup {
    const char* rule;
    Waves waves;
    Seed seed;
    std::chrono::sys_seconds now;
    bool ready;
};

class WaveLookup : public ::testing::TestWithParam<Lookup> {};

TEST_P(WaveLookup, SaysWhoseTurnItIs)
{
    const auto& lookup = GetParam();
    EXPECT_EQ(is_wave_ready(lookup.waves, lookup.seed, lookup.now), lookup.ready) << lookup.rule;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, WaveLookup,
    ::testing::Values(
        Lookup{"no waves", {}, 2047, release - 24h, true},
        Lookup{"seed 0 waits for nobody", two_waves, 0, release, true},
        Lookup{"before the first bound", {{20, release + 9h}}, 20, release, true},
        Lookup{"wave not started", two_waves, 50, release + 59min, false},
        Lookup{"wave started, first seed not due", two_waves, 1, release + 1h, false},
        // Ten hours over a hundred seeds: six minutes each.
        Lookup{"first seed due", two_waves, 1, release + 1h + 6min, true},
        Lookup{"second seed not yet", two_waves, 2, release + 1h + 11min + 59s, false},
        Lookup{"second seed due", two_waves, 2, release + 1h + 12min, true},
        Lookup{"last of the wave at its end", two_waves, 100, release + 11h, true},
        Lookup{"last of the wave before its end", two_waves, 100, release + 11h - 1s, false},
        // 89 h over 900 seeds: 356 s each, times the whole seed.
        Lookup{"the whole seed counts", two_waves, 101, release + 11h + 356s * 101 - 1s, false},
        Lookup{"the whole seed counts, due", two_waves, 101, release + 11h + 356s * 101, true},
        Lookup{"a late seed only at the end", two_waves, 999, release + 100h - 1s, false},
        Lookup{"a late seed at the end", two_waves, 999, release + 100h, true},
        Lookup{"last wave not started", two_waves, 1001, release + 100h - 1s, false},
        Lookup{"last wave at its start", two_waves, 1001, release + 100h, true},
        Lookup{"a seed from outside the range", two_waves, 4'000'000'000, release + 100h, true},
        Lookup{"two waves at one time", {{0, release}, {10, release}}, 5, release, true},
        Lookup{"waves in the wrong order",
               {{0, release + 2h}, {10, release + 1h}},
               5,
               release + 90min,
               false}));

TEST(WavePolicy, BuildsTheWavesOfTheReference)
{
    const std::string standard = R"(
        [[waves]]
        start_after = "1 hour"
        fleet_percentage = 1
        [[waves]]
        start_after = "4 hours"
        fleet_percentage = 5
        [[waves]]
        start_after = "1 day"
        fleet_percentage = 15
        [[waves]]
        start_after = "2 days"
        fleet_percentage = 40
        [[waves]]
        start_after = "4 days"
        fleet_percentage = 60
        [[waves]]
        start_after = "5 days"
        fleet_percentage = 90
        [[waves]]
        start_after = "6 days"
        fleet_percentage = 100
    )";
    const auto waves = build_waves(*parse_wave_policy(standard), release);
    ASSERT_TRUE(waves.has_value());
    EXPECT_EQ(*waves, (Waves{{0, release + 1h},
                             {20, release + 4h},
                             {102, release + 24h},
                             {307, release + 48h},
                             {819, release + 96h},
                             {1228, release + 120h},
                             {1843, release + 144h}}));
}

TEST(WavePolicy, SaysWhatIsWrong)
{
    struct Case {
        const char* toml;
        const char* message;
    };
    for (const auto& [toml, message] : {
             Case{"", "at least one table"},
             Case{"waves = 3", "at least one table"},
             Case{"waves = []", "at least one table"},
             Case{"[[waves]]\nstart_after = \"1 hour\"", "wave 1: a wave has"},
             Case{"[[waves]]\nstart_after = 1\nfleet_percentage = 1", "a wave has"},
             Case{"[[waves]]\nstart_after = \"soon\"\nfleet_percentage = 1", "a time span such as"},
             Case{"[[waves]]\nstart_after = \"1 hour\"\nfleet_percentage = 0", "from 1 to 100"},
             Case{"[[waves]]\nstart_after = \"1 hour\"\nfleet_percentage = 101", "from 1 to 100"},
             Case{"[[waves]]\nstart_after = \"2 hours\"\nfleet_percentage = 1\n"
                  "[[waves]]\nstart_after = \"1 hour\"\nfleet_percentage = 2",
                  "wave 2 must start later"},
             Case{"[[waves]]\nstart_after = \"1 hour\"\nfleet_percentage = 2\n"
                  "[[waves]]\nstart_after = \"2 hours\"\nfleet_percentage = 2",
                  "wave 2 must start later"},
             Case{"[[waves", "line 1"},
         }) {
        const auto policy = parse_wave_policy(toml);
        ASSERT_FALSE(policy.has_value()) << toml;
        EXPECT_EQ(policy.error().code(), Errc::invalid);
        EXPECT_THAT(policy.error().message(), HasSubstr(message)) << toml;
    }
}

TEST(Waves, MustAscendForPublishing)
{
    EXPECT_TRUE(check_waves({}).has_value());
    EXPECT_TRUE(check_waves(two_waves).has_value());
    EXPECT_FALSE(check_waves({{0, release}, {20, release}}).has_value());
    EXPECT_FALSE(check_waves({{0, release}, {20, release - 1s}}).has_value());
    EXPECT_FALSE(check_waves({{2048, release}}).has_value());
}

TEST(Offset, ReadsSpansAndMoments)
{
    EXPECT_EQ(*parse_offset("1 hour"), 1h);
    EXPECT_EQ(*parse_offset("in 3 days"), 72h);
    EXPECT_EQ(*parse_offset("30 minutes"), 30min);
    EXPECT_EQ(*parse_offset("2 weeks"), 14 * 24h);
    for (const auto* text : {"", "1", "hour", "in", "-1 hours", "1.5 hours", "1 fortnight",
                             "1  hour", "1 hour ago", "4000000000 weeks"}) {
        EXPECT_FALSE(parse_offset(text).has_value()) << text;
    }
    EXPECT_EQ(*parse_moment("in 1 day", release), release + 24h);
    EXPECT_EQ(*parse_moment("2024-01-01T05:00:00Z", release), release + 5h);
    EXPECT_FALSE(parse_moment("tomorrow", release).has_value());
}

} // namespace
} // namespace holdfast::update
