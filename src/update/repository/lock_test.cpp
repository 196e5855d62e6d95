#include "update/repository/lock.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_file_locks.hpp"
#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::publish {
namespace {

using ::testing::HasSubstr;

struct RepositoryLock : ::testing::Test {
    io::FakeFiles files;
    io::FakeFileLocks locks;
    Layout layout{"/repo"};

    void SetUp() override { files.put_directory("/repo"); }
    Result<std::unique_ptr<io::FileLock>> take(io::Clock& clock)
    {
        return lock_repository(locks, files, clock, layout);
    }
};

TEST_F(RepositoryLock, IsOfOneAtATimeAndWaitedForWithinBounds)
{
    io::FakeClock clock;
    auto first = take(clock);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(clock.slept(), std::chrono::nanoseconds(0));
    const auto second = take(clock);
    EXPECT_EQ(second.error().code(), Errc::locked);
    EXPECT_THAT(second.error().message(), HasSubstr("another command changes /repo"));
    EXPECT_EQ(clock.slept(), std::chrono::minutes(1));
    first->reset();
    EXPECT_TRUE(take(clock).has_value());
}

/// Whoever has the lock gives it back while others sleep.
struct PatientClock final : io::Clock {
    io::FakeClock clock;
    std::unique_ptr<io::FileLock> held;
    std::chrono::system_clock::time_point now() override { return clock.now(); }
    std::chrono::steady_clock::time_point monotonic_now() override { return clock.monotonic_now(); }
    void sleep(std::chrono::nanoseconds duration) override
    {
        clock.sleep(duration);
        held.reset();
    }
};

TEST_F(RepositoryLock, IsGotWhenTheOtherOneHasFinished)
{
    PatientClock clock;
    clock.held = *take(clock);
    EXPECT_TRUE(take(clock).has_value());
}

TEST_F(RepositoryLock, IsOfARepositoryThatIsThere)
{
    io::FakeClock clock;
    EXPECT_EQ(lock_repository(locks, files, clock, Layout("/nowhere")).error().code(),
              Errc::not_found);
}

} // namespace
} // namespace holdfast::publish
