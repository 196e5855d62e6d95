#include "update/status/sets.hpp"

#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

TEST(Sets, AreReadFromWhatSignpostPrints)
{
    const auto sets = parse_sets(
        "OS disk: /dev/vda\n"
        "Set A:   boot=/dev/vda3 root=/dev/vda4 hash=/dev/vda5 priority=1 tries_left=0 "
        "successful=true\n"
        "Set B:   boot=/dev/vda6 root=/dev/vda7 hash=/dev/vda8 priority=2 tries_left=1 "
        "successful=false\n"
        "Active:  Set A\nNext:    Set B\n");
    ASSERT_TRUE(sets.has_value()) << sets.error().message();
    EXPECT_EQ(sets->active, (BootSet{'a', 1, 0, true}));
    EXPECT_EQ(sets->other, (BootSet{'b', 2, 1, false}));
    EXPECT_TRUE(sets->other_is_next);
}

TEST(Sets, MayBeOne)
{
    const auto sets = parse_sets("Set A:   priority=1 tries_left=0 successful=true\n"
                                 "Set B:   none\nActive:  Set A\nNext:    None\n");
    ASSERT_TRUE(sets.has_value());
    EXPECT_FALSE(sets->other.has_value());
    EXPECT_FALSE(sets->other_is_next);
}

TEST(Sets, MustTellOfTheOneThatRuns)
{
    for (const auto* text :
         {"", "Active:  Set A\n", "Set A:   priority=1 tries_left=0 successful=true\n",
          "Set A:   none\nActive:  Set A\n",
          "Set A:   priority=1 successful=true\nActive:  Set A\n",
          "Set A:   priority=x tries_left=0 successful=true\nActive:  Set A\n",
          "Set A:   priority=1 tries_left=0 successful=yes\nActive:  Set A\n",
          "Set B:   priority=1 tries_left=0 successful=true\nActive:  Set A\n"}) {
        EXPECT_FALSE(parse_sets(text).has_value()) << text;
    }
}

} // namespace
} // namespace holdfast::update
