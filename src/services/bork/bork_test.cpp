#include "services/bork/bork.hpp"

#include "io/testing/fake_random.hpp"

#include <gtest/gtest.h>

namespace holdfast::bork {
namespace {

TEST(Bork, PrintsASeedBelow2048)
{
    io::FakeRandom random;
    for (int i = 0; i < 100; ++i) {
        const auto seed = run({"seed"}, random);
        ASSERT_TRUE(seed.has_value());
        EXPECT_LT(std::stoi(*seed), 2048);
        EXPECT_GE(std::stoi(*seed), 0);
    }
}

TEST(Bork, KnowsNothingElse)
{
    EXPECT_EQ(run({}, *std::make_unique<io::FakeRandom>()).error().code(), Errc::invalid);
    EXPECT_EQ(run({"seed", "2"}, *std::make_unique<io::FakeRandom>()).error().code(),
              Errc::invalid);
}

} // namespace
} // namespace holdfast::bork
