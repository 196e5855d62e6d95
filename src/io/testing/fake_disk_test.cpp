#include "io/testing/fake_disk.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace holdfast::io {
namespace {

std::vector<std::byte> filled(std::size_t size, int value)
{
    return std::vector(size, static_cast<std::byte>(value));
}

/// Of each of two sectors written and not flushed: 'o'ld, 'n'ew or 't'orn.
std::string fate_by_seed(std::uint64_t seed)
{
    FakeDisk disk(4 * 512, 512, seed);
    EXPECT_TRUE(disk.write(0, filled(1024, 1)).has_value());
    disk.cut_power_after(0);
    EXPECT_FALSE(disk.flush().has_value());
    disk.restart();
    std::string fates;
    const auto content = disk.content();
    for (int sector = 0; sector < 2; ++sector) {
        const auto news = std::count(content.begin() + sector * 512,
                                     content.begin() + (sector + 1) * 512, std::byte{1});
        fates += news == 0 ? 'o' : news == 512 ? 'n' : 't';
    }
    return fates;
}

TEST(FakeDisk, KeepsLosesAndTearsUnflushedSectorsEachByItself)
{
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        seen.insert(fate_by_seed(seed));
    }
    // The second sector without the first is the reordering that code forgets.
    for (const auto* fates : {"oo", "nn", "no", "on", "tn", "nt", "ot", "to", "tt"}) {
        EXPECT_TRUE(seen.contains(fates)) << fates;
    }
}

TEST(FakeDisk, KeepsWhatWasFlushed)
{
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        FakeDisk disk(1024, 512, seed);
        ASSERT_TRUE(disk.write(0, filled(512, 1)).has_value());
        ASSERT_TRUE(disk.flush().has_value());
        disk.restart();
        EXPECT_EQ(disk.content()[511], std::byte{1});
    }
}

TEST(FakeDisk, ReadsItsCache)
{
    FakeDisk disk(1024);
    ASSERT_TRUE(disk.write(512, filled(512, 7)).has_value());
    auto bytes = filled(1024, 9);
    ASSERT_TRUE(disk.read(0, bytes).has_value());
    EXPECT_EQ(bytes[511], std::byte{0});
    EXPECT_EQ(bytes[512], std::byte{7});
}

TEST(FakeDisk, FailsFromTheCutUntilTheRestart)
{
    FakeDisk disk(1024);
    disk.cut_power_after(1);
    EXPECT_TRUE(disk.write(0, filled(512, 1)).has_value());
    EXPECT_FALSE(disk.write(512, filled(512, 1)).has_value());
    EXPECT_FALSE(disk.flush().has_value());
    auto bytes = filled(512, 0);
    EXPECT_FALSE(disk.read(0, bytes).has_value());
    disk.restart();
    EXPECT_TRUE(disk.read(0, bytes).has_value());
    EXPECT_EQ(disk.steps_done(), 2);
}

TEST(FakeDisk, RefusesWornSectorsAndTheEnd)
{
    FakeDisk disk(4 * 512);
    disk.refuse_writes(2, 2);
    disk.refuse_reads(1, 1);
    auto bytes = filled(1024, 0);
    EXPECT_FALSE(disk.write(512, bytes).has_value());
    EXPECT_TRUE(disk.write(0, bytes).has_value());
    EXPECT_FALSE(disk.read(0, bytes).has_value());
    EXPECT_TRUE(disk.read(1024, bytes).has_value());
    EXPECT_FALSE(disk.read(1536, bytes).has_value());
}

} // namespace
} // namespace holdfast::io
