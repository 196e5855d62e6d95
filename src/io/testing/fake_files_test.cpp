#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::io {
namespace {

using ::testing::ElementsAre;

void write(FakeFiles& disk, const char* path, const char* content)
{
    auto file = disk.create(path);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->write_all(content).has_value());
}

TEST(FakeFiles, LosesBytesThatWereNotFlushed)
{
    FakeFiles disk({{"/d/a", "old"}});
    ASSERT_TRUE(disk.overwrite("/d/a", "new").has_value());
    disk.restart(Unflushed::all_lost);
    EXPECT_EQ(*disk.read("/d/a"), "old");
}

TEST(FakeFiles, KeepsANameWithoutTheBytesThatFollowed)
{
    FakeFiles disk({{"/d/a", "old"}});
    ASSERT_TRUE(disk.remove("/d/a").has_value());
    write(disk, "/d/a", "new");
    disk.restart(Unflushed::names_kept);
    EXPECT_EQ(*disk.read("/d/a"), "");
}

TEST(FakeFiles, LosesNamesUntilTheDirectoryIsFlushed)
{
    FakeFiles disk({{"/d/a", "1"}});
    ASSERT_TRUE(disk.rename("/d/a", "/d/b").has_value());
    disk.restart(Unflushed::all_lost);
    EXPECT_THAT(*disk.list("/d"), ElementsAre("a"));

    ASSERT_TRUE(disk.rename("/d/a", "/d/b").has_value());
    ASSERT_TRUE(disk.flush_directory("/d").has_value());
    disk.restart(Unflushed::all_lost);
    EXPECT_THAT(*disk.list("/d"), ElementsAre("b"));
    EXPECT_EQ(*disk.read("/d/b"), "1");
}

TEST(FakeFiles, FailsFromTheCutUntilTheRestart)
{
    FakeFiles disk({{"/a", "1"}});
    disk.cut_power_after(1);
    EXPECT_TRUE(disk.set_mode("/a", 0600).has_value());
    EXPECT_FALSE(disk.remove("/a").has_value());
    EXPECT_FALSE(disk.read("/a").has_value());
    disk.restart(Unflushed::names_kept);
    EXPECT_EQ(*disk.read("/a"), "1");
    EXPECT_TRUE(disk.remove("/a").has_value());
}

TEST(FakeFiles, MovesAWholeDirectory)
{
    FakeFiles disk({{"/d/x/1", "one"}, {"/dx", "beside"}});
    ASSERT_TRUE(disk.rename("/d", "/e").has_value());
    EXPECT_EQ(*disk.read("/e/x/1"), "one");
    EXPECT_FALSE(disk.exists("/d/x"));
    EXPECT_TRUE(disk.exists("/dx"));
}

TEST(FakeFiles, FollowsLinksAsTheKernelDoes)
{
    FakeFiles disk({{"/sys/devices/vda/vda1/partition", "1\n"}});
    disk.put_link("/sys/class/block/vda1", "../../devices/vda/vda1");
    EXPECT_EQ(*disk.read("/sys/class/block/vda1/partition"), "1\n");
    EXPECT_EQ(disk.read_link("/sys/class/block/vda1")->native(), "../../devices/vda/vda1");
    EXPECT_EQ(disk.read_link("/sys/devices").error().code(), Errc::invalid);
}

TEST(FakeFiles, RefusesWhatTheKernelRefuses)
{
    FakeFiles disk({{"/d/a", "12345"}});
    disk.put_link("/d/link", "/d/b");
    EXPECT_EQ(disk.create("/missing/a").error().code(), Errc::not_found);
    EXPECT_EQ(disk.create("/d/a").error().code(), Errc::io);
    EXPECT_EQ(disk.create("/d/link").error().code(), Errc::io);
    EXPECT_EQ(disk.write_into("/d/b", "x").error().code(), Errc::not_found);
    EXPECT_EQ(disk.read("/d/a", 4).error().code(), Errc::too_large);
    EXPECT_FALSE(disk.remove("/d").has_value());
    EXPECT_TRUE(disk.remove("/d/missing").has_value());
}

} // namespace
} // namespace holdfast::io
