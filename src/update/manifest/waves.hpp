#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace holdfast::update {

/// Where a machine stands in the order in which a fleet takes a new version: generated once per
/// machine, evenly over [0, `seed_count`).
using Seed = std::uint32_t;
constexpr Seed seed_count = 2048;

/// When the machines up to a seed may start: each wave by the seed before its first machine.
using Waves = std::map<Seed, std::chrono::sys_seconds>;

/// Whether a machine's turn has come. Within a wave machines become ready one after the other; as
/// in the reference the pause is multiplied by the whole seed, not by its place in the wave, so
/// late waves open nearly at once at their end.
bool is_wave_ready(const Waves& waves, Seed seed, std::chrono::sys_seconds now);

/// How a version is given to a fleet: which part of it may have started, how long after the
/// release.
struct WavePolicy {
    struct Wave {
        std::chrono::seconds start_after{};
        unsigned fleet_percentage = 0; ///< Of the whole fleet with the waves before; 1 to 100.
    };
    std::vector<Wave> waves;
};

/// Reads the TOML text of a policy:
///
///     [[waves]]
///     start_after = "1 hour"
///     fleet_percentage = 5
///
/// Errors: `invalid` with what is wrong, also when times or percentages don't ascend.
Result<WavePolicy> parse_wave_policy(std::string_view toml);

/// The waves of a version that is released at `release`. Errors: `invalid` when two of the policy's
/// waves would start at the same seed.
Result<Waves> build_waves(const WavePolicy& policy, std::chrono::sys_seconds release);

/// What a publisher must hold, and a machine does not rely on: seeds in range, times ascending.
/// Errors: `invalid`.
Result<void> check_waves(const Waves& waves);

/// Reads "2 weeks", "in 1 day", "30 minutes". Errors: `invalid`, also over 100 years.
Result<std::chrono::seconds> parse_offset(std::string_view text);

/// An offset from `now`, or a time as RFC 3339 has it. Errors: `invalid`.
Result<std::chrono::sys_seconds> parse_moment(std::string_view text, std::chrono::sys_seconds now);

} // namespace holdfast::update
