#include "update/repository/testing/test_publisher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::publish {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;

class PublishPowerCut : public ::testing::TestWithParam<io::Unflushed> {};

TEST_P(PublishPowerCut, LeavesTheOldOfferOrTheNewOneAtEveryStep)
{
    const auto old_offer = ElementsAre("1.0.0");
    const auto new_offer = ElementsAre("1.0.0", "1.1.0");
    int points = 0;
    for (bool finished = false; !finished; ++points) {
        SCOPED_TRACE(points);
        TestPublisher publisher;
        ASSERT_TRUE(publisher.add("1.0.0").has_value());
        publisher.files.cut_power_after(points);
        finished = publisher.add("1.1.0", {"1.0.0"}).has_value();
        publisher.files.restart(GetParam());

        const auto found = publisher.verify();
        ASSERT_TRUE(found.has_value()) << found.error().message();
        EXPECT_THAT(found->versions, AnyOf(old_offer, new_offer));
        if (finished) {
            EXPECT_THAT(found->versions, new_offer);
        }

        // Doing it again ends where it would have: what is drafted or published is not added twice.
        const auto again = publisher.add("1.1.0", {"1.0.0"});
        EXPECT_TRUE(again.has_value() || again.error().message().contains("already"))
            << again.error().message();
        ASSERT_TRUE(publisher.publish_now().has_value());
        EXPECT_THAT(publisher.verify()->versions, new_offer);
    }
    EXPECT_GT(points, 40) << "the cuts should reach into every file";
}

INSTANTIATE_TEST_SUITE_P(Disks, PublishPowerCut,
                         ::testing::Values(io::Unflushed::all_lost, io::Unflushed::names_kept));

} // namespace
} // namespace holdfast::publish
