#include "machine/partitions.hpp"

#include "boot/testing/test_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::machine {
namespace {

constexpr boot::SlotFlags good{.priority = 1, .tries_left = 0, .successful = true};
constexpr boot::SlotFlags never{};

io::FakeDisk holdfast_disk()
{
    return boot::make_disk(boot::holdfast_layout(good, never));
}

std::vector<std::byte> bytes_of(std::string_view text)
{
    std::vector<std::byte> bytes;
    for (const char c : text) {
        bytes.push_back(static_cast<std::byte>(c));
    }
    return bytes;
}

TEST(Partitions, AreFoundByLabelWithTheirFlags)
{
    auto disk = holdfast_disk();
    const auto found = find_partition(disk, "HOLDFAST-BOOT-A");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->index, boot::boot_a);
    EXPECT_EQ(found->flags(), good);
    EXPECT_EQ(found->size, 16U * 512);
    const auto missing = find_partition(disk, "HOLDFAST-BOOT-C");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code(), Errc::not_found);
}

TEST(Partitions, AreAllListed)
{
    auto disk = holdfast_disk();
    const auto all = read_partitions(disk);
    ASSERT_TRUE(all.has_value());
    EXPECT_EQ((*all).size(), 9U);
}

TEST(Partitions, TakeBytesAcrossSectorsAndLeaveTheRest)
{
    auto disk = holdfast_disk();
    ASSERT_TRUE(write_bytes(disk, "HOLDFAST-ROOT-A", 500, bytes_of("0123456789abcdefghij")));
    const auto around = read_bytes(disk, "HOLDFAST-ROOT-A", 499, 22);
    ASSERT_TRUE(around.has_value());
    auto expected = bytes_of("\x01" "0123456789abcdefghij\x01");
    expected.front() = expected.back() = std::byte{0};
    EXPECT_EQ(*around, expected);
}

TEST(Partitions, RefuseBytesBeyondTheirEnd)
{
    auto disk = holdfast_disk();
    const auto written = write_bytes(disk, "HOLDFAST-ROOT-A", 16 * 512 - 2, bytes_of("xyz"));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code(), Errc::invalid);
}

TEST(Partitions, AreCopiedOverWhatWasThere)
{
    auto disk = holdfast_disk();
    ASSERT_TRUE(write_bytes(disk, "HOLDFAST-ROOT-A", 0, bytes_of("new")));
    ASSERT_TRUE(write_bytes(disk, "HOLDFAST-ROOT-B", 0, bytes_of("old")));
    ASSERT_TRUE(write_bytes(disk, "HOLDFAST-ROOT-B", 4096, bytes_of("left over")));
    ASSERT_TRUE(copy_partition(disk, "HOLDFAST-ROOT-A", "HOLDFAST-ROOT-B"));
    EXPECT_EQ(*read_bytes(disk, "HOLDFAST-ROOT-B", 0, 3), bytes_of("new"));
    EXPECT_EQ(*read_bytes(disk, "HOLDFAST-ROOT-B", 4096, 1), std::vector{std::byte{0}});
}

TEST(Partitions, GetNewFlagsInBothCopiesOfTheTable)
{
    auto disk = holdfast_disk();
    constexpr boot::SlotFlags trial{.priority = 2, .tries_left = 1, .successful = false};
    ASSERT_TRUE(set_slot_flags(disk, "HOLDFAST-BOOT-B", trial));
    EXPECT_EQ(boot::flags_on(disk, boot::boot_b), trial);
    EXPECT_EQ(boot::flags_on(disk, boot::boot_a), good);
    EXPECT_TRUE(boot::is_healthy(disk));
}

} // namespace
} // namespace holdfast::machine
