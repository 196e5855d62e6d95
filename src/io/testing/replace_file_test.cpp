#include "io/files.hpp"
#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::io {
namespace {

using ::testing::AnyOf;

class ReplaceFilePowerCut : public ::testing::TestWithParam<Unflushed> {};

TEST_P(ReplaceFilePowerCut, LeavesOldOrNewContentAtEveryStep)
{
    bool finished = false;
    for (int step = 0; !finished; ++step) {
        SCOPED_TRACE(step);
        FakeFiles disk({{"/store/motd", "old"}});
        disk.cut_power_after(step);

        finished = replace_file(disk, "/store/motd", "new").has_value();
        disk.restart(GetParam());

        const auto found = disk.read("/store/motd");
        ASSERT_TRUE(found.has_value());
        EXPECT_THAT(*found, AnyOf("old", "new"));
        if (finished) {
            EXPECT_EQ(*found, "new") << "success was reported, so the change must be durable";
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, ReplaceFilePowerCut,
                         ::testing::Values(Unflushed::all_lost, Unflushed::names_kept));

TEST(ReplaceFile, GivesTheModeEvenWhenAnOldDraftHadAnother)
{
    FakeFiles disk({{"/store/key", "old"}});
    disk.put("/store/key.new", "left by a power cut", 0666);

    ASSERT_TRUE(replace_file(disk, "/store/key", "new", 0600).has_value());

    EXPECT_EQ(disk.mode("/store/key"), 0600U);
    EXPECT_FALSE(disk.exists("/store/key.new"));
}

TEST(ReplaceFile, LeavesNoDraftOnAFullDisk)
{
    FakeFiles disk({{"/store/motd", "old"}});
    disk.limit_space(10);

    const auto replaced = replace_file(disk, "/store/motd", "longer than that");
    ASSERT_FALSE(replaced.has_value());
    EXPECT_EQ(replaced.error().code(), Errc::no_space);
    EXPECT_EQ(*disk.read("/store/motd"), "old");
    EXPECT_EQ(disk.space_used(), 3U) << "a draft would keep the disk full";

    EXPECT_TRUE(replace_file(disk, "/store/motd", "new").has_value());
    EXPECT_EQ(*disk.read("/store/motd"), "new");
}

TEST(MakeDirectories, AreThereAfterAPowerCut)
{
    int points = 0;
    for (bool finished = false; !finished; ++points) {
        SCOPED_TRACE(points);
        FakeFiles disk({{"/var/x", "1"}});
        disk.cut_power_after(points);
        finished = make_directories(disk, "/var/a/b/c", 0700).has_value();
        disk.restart(Unflushed::all_lost);
        EXPECT_EQ(disk.is_directory("/var/a/b/c"), finished);
        EXPECT_TRUE(make_directories(disk, "/var/a/b/c", 0700).has_value());
        EXPECT_EQ(disk.mode("/var/a/b/c"), 0700U);
    }
    EXPECT_EQ(points, 7) << "three directories and their three parents";
    EXPECT_FALSE(FakeFiles({{"/var/x", "1"}}).is_directory("/var/x"));
}

} // namespace
} // namespace holdfast::io
