#include "boot/core/slots.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <string>

namespace holdfast::boot {

void PrintTo(const SlotFlags& flags, std::ostream* out)
{
    *out << "priority=" << int{flags.priority} << " tries_left=" << int{flags.tries_left}
         << " successful=" << flags.successful;
}

namespace {

struct Choice {
    const char* rule;
    SlotFlags a;
    SlotFlags b;
    std::string order; ///< "BA": B first, then A.
};

class BootOrderTable : public ::testing::TestWithParam<Choice> {};

TEST_P(BootOrderTable, FollowsTheRules)
{
    const std::array flags{GetParam().a, GetParam().b};
    const auto order = boot_order(flags);
    std::string letters;
    for (std::size_t i = 0; i < order.count; ++i) {
        letters += static_cast<char>('A' + order.slots[i]);
    }
    EXPECT_EQ(letters, GetParam().order) << GetParam().rule;
    const auto first = choose_slot(flags);
    EXPECT_EQ(first.has_value(), !letters.empty());
    if (first) {
        EXPECT_EQ('A' + static_cast<char>(*first), letters.front());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BootOrderTable,
    ::testing::Values(Choice{"a fresh image", {1, 0, true}, {0, 0, false}, "A"},
                      Choice{"an update written, not applied", {1, 0, true}, {0, 1, false}, "A"},
                      Choice{"an update applied", {1, 0, true}, {2, 1, false}, "BA"},
                      Choice{"a trial that never succeeded", {1, 0, true}, {2, 0, false}, "A"},
                      Choice{"a trial that succeeded", {1, 0, true}, {2, 0, true}, "BA"},
                      Choice{"rolled back by hand", {2, 0, true}, {1, 0, true}, "AB"},
                      Choice{"equal priorities", {3, 0, true}, {3, 5, false}, "AB"},
                      Choice{"tries alone are enough", {0, 0, false}, {1, 1, false}, "B"},
                      Choice{"priority 0 never boots", {0, 15, true}, {0, 15, true}, ""},
                      Choice{"nothing left", {1, 0, false}, {2, 0, false}, ""},
                      Choice{"the highest numbers", {14, 15, true}, {15, 15, true}, "BA"}));

TEST(ChooseSlot, FindsNothingAmongNone)
{
    EXPECT_FALSE(choose_slot({}).has_value());
    EXPECT_EQ(boot_order({}).count, 0U);
}

TEST(SlotFlags, LieAtBits48To56)
{
    EXPECT_EQ(with_slot_flags(0, {.priority = 1}), 0x0001000000000000U);
    EXPECT_EQ(with_slot_flags(0, {.tries_left = 1}), 0x0010000000000000U);
    EXPECT_EQ(with_slot_flags(0, {.successful = true}), 0x0100000000000000U);
    EXPECT_EQ(slot_flags(0x01ab000000000000U), (SlotFlags{11, 10, true}));
    EXPECT_EQ(ever_succeeded_attribute, 0x0200000000000000U);
}

TEST(SlotFlags, LeaveAllOtherBitsAlone)
{
    EXPECT_EQ(with_slot_flags(~std::uint64_t{0}, {}), 0xfe00ffffffffffffU);
    EXPECT_EQ(with_slot_flags(0xfe00000000000007U, {15, 15, true}), 0xffff000000000007U);
}

TEST(SpendTry, TakesOneEvenFromASuccessfulSlotAndStopsAtZero)
{
    EXPECT_EQ(spend_try({2, 3, true}), (SlotFlags{2, 2, true}));
    EXPECT_EQ(spend_try({2, 1, false}), (SlotFlags{2, 0, false}));
    EXPECT_EQ(spend_try({2, 0, true}), (SlotFlags{2, 0, true}));
}

} // namespace
} // namespace holdfast::boot
