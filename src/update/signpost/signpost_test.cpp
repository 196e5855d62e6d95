#include "boot/testing/test_disk.hpp"
#include "update/signpost/signpost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

namespace holdfast::boot {

void PrintTo(const SlotFlags& flags, std::ostream* out)
{
    *out << int{flags.priority} << '/' << int{flags.tries_left} << '/' << flags.successful;
}

} // namespace holdfast::boot

namespace holdfast::update {
namespace {

using boot::SlotFlags;
using ::testing::HasSubstr;

constexpr std::uint32_t root_a = 4;
constexpr std::uint32_t root_b = 7;
constexpr std::uint32_t hash_b = 8;

/// A change of flags with A active, as priority/tries/successful.
struct Change {
    const char* name;
    Result<void> (Signpost::*run)();
    SlotFlags a;
    SlotFlags b;
    SlotFlags a_after;
    SlotFlags b_after;
    Errc error = Errc::internal; ///< Expected when nothing is to change.
    bool fails = false;
};

void PrintTo(const Change& change, std::ostream* out)
{
    *out << change.name;
}

class SignpostChange : public ::testing::TestWithParam<Change> {};

TEST_P(SignpostChange, SetsTheFlagsThatTheLifeCycleNeeds)
{
    const auto& change = GetParam();
    auto disk = boot::make_disk(boot::holdfast_layout(change.a, change.b));
    auto signpost = Signpost::open(disk, root_a);
    ASSERT_TRUE(signpost.has_value());

    const auto done = ((*signpost).*change.run)();

    EXPECT_EQ(done.has_value(), !change.fails);
    if (change.fails) {
        EXPECT_EQ(done.error().code(), change.error);
    }
    EXPECT_EQ(boot::flags_on(disk, boot::boot_a), change.a_after);
    EXPECT_EQ(boot::flags_on(disk, boot::boot_b), change.b_after);
    EXPECT_EQ(signpost->partitions(SlotName::b).flags, change.b_after);
}

constexpr SlotFlags none{};

INSTANTIATE_TEST_SUITE_P(
    LifeCycle, SignpostChange,
    ::testing::Values(
        Change{"success", &Signpost::mark_successful_boot, {2, 0, false}, none, {2, 0, true}, none},
        Change{"success leaves tries", &Signpost::mark_successful_boot, {2, 3, false}, {1, 2, true},
               {2, 3, true}, {1, 2, true}},
        Change{"clear", &Signpost::clear_inactive, {1, 0, true}, {2, 1, true}, {1, 0, true}, none},
        Change{"valid", &Signpost::mark_inactive_valid, {1, 0, true}, none, {1, 0, true},
               {0, 1, false}},
        Change{"upgrade", &Signpost::upgrade_to_inactive, {1, 0, true}, {0, 1, false},
               {1, 0, true}, {2, 1, false}},
        Change{"upgrade lowers the active set", &Signpost::upgrade_to_inactive, {2, 0, true},
               {0, 1, false}, {1, 0, true}, {2, 1, false}},
        Change{"upgrade twice", &Signpost::upgrade_to_inactive, {1, 0, true}, {2, 1, false},
               {1, 0, true}, {2, 1, false}, Errc::conflict, true},
        Change{"upgrade to an old success", &Signpost::upgrade_to_inactive, {2, 0, true},
               {0, 1, true}, {2, 0, true}, {0, 1, true}, Errc::conflict, true},
        Change{"upgrade to nothing valid", &Signpost::upgrade_to_inactive, {1, 0, true}, none,
               {1, 0, true}, none, Errc::conflict, true},
        Change{"cancel", &Signpost::cancel_upgrade, {1, 0, true}, {2, 1, false}, {2, 0, true},
               {0, 1, false}},
        Change{"cancel of a rollback", &Signpost::cancel_upgrade, {1, 0, true}, {2, 0, true},
               {2, 0, true}, {1, 0, true}},
        Change{"cancel of nothing", &Signpost::cancel_upgrade, {2, 0, true}, {1, 0, true},
               {2, 0, true}, {1, 0, true}},
        Change{"cancel in a trial", &Signpost::cancel_upgrade, {2, 0, false}, {1, 0, true},
               {2, 0, false}, {1, 0, true}},
        Change{"upgrade after a cancel", &Signpost::upgrade_to_inactive, {2, 0, true},
               {0, 1, false}, {1, 0, true}, {2, 1, false}},
        Change{"rollback", &Signpost::rollback_to_inactive, {2, 0, true}, {1, 0, true},
               {1, 0, true}, {2, 0, true}},
        Change{"rollback to a set of priority 0", &Signpost::rollback_to_inactive,
               {2, 0, true}, {0, 0, true}, {1, 0, true}, {2, 0, true}},
        Change{"rollback to a set with tries", &Signpost::rollback_to_inactive, {2, 0, true},
               {1, 1, false}, {1, 0, true}, {2, 1, false}},
        Change{"rollback to a failed trial", &Signpost::rollback_to_inactive, {1, 0, true},
               {2, 0, false}, {1, 0, true}, {2, 0, false}, Errc::conflict, true},
        Change{"fall back", &Signpost::fall_back_to_inactive, {2, 0, true}, {1, 0, true},
               {1, 0, false}, {2, 0, true}},
        Change{"fall back after a cancelled rollback", &Signpost::fall_back_to_inactive,
               {2, 3, true}, {0, 0, true}, {1, 0, false}, {2, 0, true}},
        Change{"fall back to a failed set", &Signpost::fall_back_to_inactive, {2, 0, true},
               {1, 0, false}, {2, 0, true}, {1, 0, false}, Errc::conflict, true},
        Change{"fall back to one that was never tried", &Signpost::fall_back_to_inactive,
               {1, 0, true}, {0, 1, false}, {1, 0, true}, {0, 1, false}, Errc::conflict, true},
        Change{"rewrite", &Signpost::rewrite_table, {1, 0, true}, {2, 1, false}, {1, 0, true},
               {2, 1, false}}));

TEST(Signpost, FindsTheActiveSetByRootOrHash)
{
    auto disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {2, 0, true}));
    EXPECT_EQ(Signpost::open(disk, root_a)->active(), SlotName::a);
    EXPECT_EQ(Signpost::open(disk, root_b)->active(), SlotName::b);
    EXPECT_EQ(Signpost::open(disk, hash_b)->active(), SlotName::b);
    EXPECT_EQ(Signpost::open(disk, 9).error().code(), Errc::not_found);
}

TEST(Signpost, MarksTheSetThatRunsNotTheOneOfHighestPriority)
{
    auto disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {2, 0, false}));
    ASSERT_TRUE(Signpost::open(disk, root_b)->mark_successful_boot().has_value());
    EXPECT_EQ(boot::flags_on(disk, boot::boot_b), (SlotFlags{2, 0, true}));
}

TEST(Signpost, RemembersThatABootEverSucceeded)
{
    auto disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {}));
    EXPECT_FALSE(Signpost::open(disk, root_a)->has_boot_ever_succeeded());
    ASSERT_TRUE(Signpost::open(disk, root_a)->mark_successful_boot().has_value());
    EXPECT_TRUE(Signpost::open(disk, root_a)->has_boot_ever_succeeded());
    EXPECT_EQ(boot::attributes_on(disk, boot::private_partition),
              boot::ever_succeeded_attribute);
}

TEST(Signpost, SparesTheDiskAWriteThatChangesNothing)
{
    auto disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {}));
    ASSERT_TRUE(Signpost::open(disk, root_a)->mark_successful_boot().has_value());
    const int before = disk.steps_done();
    ASSERT_TRUE(Signpost::open(disk, root_a)->mark_successful_boot().has_value());
    EXPECT_EQ(disk.steps_done(), before);
    ASSERT_TRUE(Signpost::open(disk, root_a)->rewrite_table().has_value());
    EXPECT_GT(disk.steps_done(), before);
}

TEST(Signpost, RepairsADamagedCopyEvenWhenNoFlagChanges)
{
    auto disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {}));
    ASSERT_TRUE(Signpost::open(disk, root_a)->mark_successful_boot().has_value());
    boot::damage(disk, 1);
    ASSERT_TRUE(Signpost::open(disk, root_a)->mark_successful_boot().has_value());
    EXPECT_TRUE(boot::is_healthy(disk));
}

TEST(Signpost, RefusesInactiveWorkOnADiskWithOneSet)
{
    auto layout = boot::holdfast_layout({1, 0, true}, {});
    layout.erase(layout.begin() + boot::boot_b, layout.begin() + boot::boot_b + 3);
    auto disk = boot::make_disk(layout);
    auto signpost = Signpost::open(disk, root_a);
    ASSERT_TRUE(signpost.has_value());
    EXPECT_EQ(signpost->next(), SlotName::a);
    for (const auto change : {&Signpost::clear_inactive, &Signpost::mark_inactive_valid,
                              &Signpost::upgrade_to_inactive, &Signpost::cancel_upgrade,
                              &Signpost::rollback_to_inactive}) {
        EXPECT_EQ(((*signpost).*change)().error().code(), Errc::conflict);
    }
    EXPECT_TRUE(signpost->mark_successful_boot().has_value());
}

TEST(Signpost, TellsOfADiskWithoutATableAndOfOneThatFails)
{
    auto disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {}));
    auto signpost = Signpost::open(disk, root_a);
    disk.refuse_writes(0, 399);
    const auto refused = signpost->rewrite_table();
    EXPECT_EQ(refused.error().code(), Errc::io);
    EXPECT_THAT(refused.error().message(), HasSubstr("cannot be written"));

    io::FakeDisk empty(1 << 20);
    EXPECT_EQ(Signpost::open(empty, root_a).error().code(), Errc::corrupt);
}

} // namespace
} // namespace holdfast::update
