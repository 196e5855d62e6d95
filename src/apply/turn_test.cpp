#include "apply/turn.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_file_locks.hpp"

#include <gtest/gtest.h>

namespace holdfast::apply {

namespace {

/// Time in which the run that is at work ends.
class ClockUntil final : public io::Clock {
public:
    ClockUntil(std::unique_ptr<io::FileLock>& at_work, std::chrono::seconds end)
        : at_work_(at_work), end_(clock_.monotonic_now() + end)
    {
    }
    std::chrono::system_clock::time_point now() override { return clock_.now(); }
    std::chrono::steady_clock::time_point monotonic_now() override
    {
        return clock_.monotonic_now();
    }
    void sleep(std::chrono::nanoseconds duration) override
    {
        clock_.sleep(duration);
        if (clock_.monotonic_now() >= end_) {
            at_work_.reset();
        }
    }

private:
    io::FakeClock clock_;
    std::unique_ptr<io::FileLock>& at_work_;
    std::chrono::steady_clock::time_point end_;
};

TEST(Turn, ComesWhenTheRunAtWorkHasEnded)
{
    io::FakeFileLocks locks;
    io::FakeClock clock;
    auto at_work = wait_for_turn(locks, clock);
    ASSERT_TRUE(at_work.has_value());
    EXPECT_EQ(clock.slept(), std::chrono::seconds(0));

    ClockUntil until(*at_work, std::chrono::seconds(30));
    const auto next = wait_for_turn(locks, until);
    EXPECT_TRUE(next.has_value());
    EXPECT_EQ(*at_work, nullptr);
}

TEST(Turn, ThatNeverComesIsAnError)
{
    io::FakeFileLocks locks;
    io::FakeClock clock;
    const auto at_work = wait_for_turn(locks, clock);
    const auto never = wait_for_turn(locks, clock);
    ASSERT_FALSE(never.has_value());
    EXPECT_EQ(never.error().code(), Errc::timeout);
    EXPECT_LT(clock.slept(), std::chrono::minutes(9));
}

} // namespace

} // namespace holdfast::apply
