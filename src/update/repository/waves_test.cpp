#include "update/manifest/waves.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace holdfast::publish {
namespace {

using namespace std::chrono_literals;

/// "1h 5%, …"
std::string summary(const update::WavePolicy& policy)
{
    std::vector<std::string> waves;
    for (const auto& wave : policy.waves) {
        const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(wave.start_after);
        waves.push_back(minutes % 24h == 0min  ? std::format("{}d", minutes / 24h)
                        : minutes % 1h == 0min ? std::format("{}h", minutes / 1h)
                                               : std::format("{}m", minutes.count()));
        waves.back() += std::format(" {}", wave.fleet_percentage);
    }
    return join(waves, ", ");
}

/// They are known by these names and numbers to who publishes for Bottlerocket.
TEST(NamedWavePolicies, AreThoseOfTheReference)
{
    const struct {
        const char* name;
        const char* waves;
    } policies[] = {
        {"default", "1h 1, 4h 5, 1d 15, 2d 40, 4d 60, 5d 90, 6d 100"},
        {"accelerated", "1h 3, 4h 12, 8h 40, 16h 80, 1d 100"},
        {"ohno", "30m 5, 1h 25, 2h 50, 150m 90, 3h 100"},
        {"slow-roll", "1h 1, 1d 5, 3d 15, 7d 40, 9d 60, 12d 90, 13d 100"},
    };
    for (const auto& [name, waves] : policies) {
        std::ifstream file(std::string("src/update/repository/waves/") + name + ".toml");
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const auto policy = update::parse_wave_policy(text);
        ASSERT_TRUE(policy.has_value()) << name << ": " << policy.error().message();
        EXPECT_EQ(summary(*policy), waves) << name;
        EXPECT_TRUE(update::build_waves(*policy, {}).has_value()) << name;
    }
}

} // namespace
} // namespace holdfast::publish
