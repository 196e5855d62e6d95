#include "update/manifest/waves.hpp"

#include "base/text.hpp"
#include "base/utc_time.hpp"
#include "toml/toml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace holdfast::update {

using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

/// Precondition: `start` and `end` are neighbours and start.first < seed <= end.first.
bool is_ready_between(const Waves::value_type& start, const Waves::value_type& end, Seed seed,
                      sys_seconds now)
{
    if (now < start.second) {
        return false;
    }
    if (now >= end.second) {
        return true;
    }
    // Milliseconds, so that the pause of a short wave is not rounded to nothing.
    const std::chrono::milliseconds pause =
        std::chrono::milliseconds(end.second - start.second) / (end.first - start.first);
    const std::chrono::milliseconds waited = now - start.second;
    // pause * seed could overflow; the quotient cannot.
    return pause.count() == 0 || waited.count() / pause.count() >= std::int64_t{seed};
}

struct Unit {
    std::string_view name;
    seconds length;
};

constexpr std::array units{Unit{"minute", std::chrono::minutes(1)},
                           Unit{"hour", std::chrono::hours(1)}, Unit{"day", std::chrono::days(1)},
                           Unit{"week", std::chrono::weeks(1)}};

constexpr seconds longest_offset = std::chrono::days(36525);

Result<WavePolicy::Wave> parse_wave(const Json& wave)
{
    if (!wave.is_object() || !wave.contains("start_after") || !wave["start_after"].is_string() ||
        !wave.contains("fleet_percentage") || !wave["fleet_percentage"].is_number_integer()) {
        return fail(Errc::invalid,
                    "a wave has `start_after`, a text, and `fleet_percentage`, a number");
    }
    TRY_ASSIGN(const auto start_after, parse_offset(wave["start_after"].get<std::string>()));
    const auto percentage = wave["fleet_percentage"].get<std::int64_t>();
    if (percentage < 1 || percentage > 100) {
        return fail(Errc::invalid, "`fleet_percentage` is a number from 1 to 100");
    }
    return WavePolicy::Wave{.start_after = start_after,
                            .fleet_percentage = static_cast<unsigned>(percentage)};
}

Result<void> check_ascending(const WavePolicy& policy)
{
    for (std::size_t i = 1; i < policy.waves.size(); ++i) {
        const auto& before = policy.waves[i - 1];
        const auto& wave = policy.waves[i];
        if (wave.start_after <= before.start_after ||
            wave.fleet_percentage <= before.fleet_percentage) {
            return fail(Errc::invalid,
                        "wave {} must start later and reach more of the fleet than wave {}", i + 1,
                        i);
        }
    }
    return {};
}

} // namespace

bool is_wave_ready(const Waves& waves, Seed seed, sys_seconds now)
{
    const auto end = waves.lower_bound(seed);
    if (end == waves.begin()) {
        return true; // No waves at all, or before the first: nobody to wait for.
    }
    const auto start = std::prev(end);
    if (end == waves.end()) {
        return now >= start->second;
    }
    return is_ready_between(*start, *end, seed, now);
}

Result<WavePolicy> parse_wave_policy(std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml));
    if (!document.contains("waves") || !document["waves"].is_array() || document["waves"].empty()) {
        return fail(Errc::invalid, "expected at least one table [[waves]]");
    }
    WavePolicy policy;
    for (const auto& entry : document["waves"]) {
        TRY_ASSIGN(const auto wave,
                   parse_wave(entry).while_(std::format("wave {}", policy.waves.size() + 1)));
        policy.waves.push_back(wave);
    }
    TRY(check_ascending(policy));
    return policy;
}

Result<Waves> build_waves(const WavePolicy& policy, sys_seconds release)
{
    Waves waves;
    unsigned percentage_before = 0;
    for (const auto& wave : policy.waves) {
        const Seed bound = percentage_before * seed_count / 100;
        if (!waves.emplace(bound, release + wave.start_after).second) {
            return fail(Errc::invalid, "two waves start at seed {}", bound);
        }
        percentage_before = wave.fleet_percentage;
    }
    TRY(check_waves(waves));
    return waves;
}

Result<void> check_waves(const Waves& waves)
{
    const auto late = std::ranges::adjacent_find(
        waves, [](const auto& a, const auto& b) { return a.second >= b.second; });
    if (late != waves.end()) {
        return fail(Errc::invalid, "the wave at seed {} must start before the next one",
                    late->first);
    }
    if (!waves.empty() && waves.rbegin()->first >= seed_count) {
        return fail(Errc::invalid, "there is no machine with a seed over {}", seed_count - 1);
    }
    return {};
}

Result<seconds> parse_offset(std::string_view text)
{
    auto words = split(text, ' ');
    if (!words.empty() && words.front() == "in") {
        words.erase(words.begin());
    }
    std::uint32_t count = 0;
    if (words.size() == 2) {
        const auto* end = words[0].data() + words[0].size();
        const auto [stop, problem] = std::from_chars(words[0].data(), end, count);
        const auto* unit = std::ranges::find_if(units, [&](const Unit& known) {
            return words[1] == known.name || words[1] == std::string(known.name) + "s";
        });
        if (problem == std::errc() && stop == end && unit != units.end() &&
            count <= longest_offset / unit->length) {
            return count * unit->length;
        }
    }
    return fail(Errc::invalid, "expected a time span such as \"3 hours\" or \"2 weeks\"");
}

Result<sys_seconds> parse_moment(std::string_view text, sys_seconds now)
{
    if (const auto time = parse_utc_time(text); time.has_value()) {
        return *time;
    }
    const auto offset = parse_offset(text);
    if (!offset.has_value()) {
        return fail(Errc::invalid,
                    "expected a time such as 2024-01-31T12:00:00Z or \"in 2 weeks\"");
    }
    return now + *offset;
}

} // namespace holdfast::update
