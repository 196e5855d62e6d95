#include "io/posix/posix_system.hpp"
#include "store/power_cut_vfs.hpp"
#include "store/store.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <sys/wait.h>

namespace holdfast::store {

namespace {

constexpr int keys_per_transaction = 20;

Values generation(int number)
{
    Values values;
    for (int i = 0; i < keys_per_transaction; ++i) {
        values[std::format("settings.k{}", i)] = std::to_string(number);
    }
    return values;
}

/// Commits generation after generation until it is killed, telling each finished one by a byte.
[[noreturn]] void commit_for_ever(const std::filesystem::path& directory, int first, int report_fd)
{
    io::PosixClock clock;
    auto store = Store::open(directory, clock);
    for (int number = first; store.has_value(); ++number) {
        if (!store->patch("t", generation(number), {Source::api, "child"}, Strength::strong) ||
            !store->commit("t") || ::write(report_fd, "x", 1) != 1) {
            break;
        }
    }
    ::_exit(1);
}

} // namespace

TEST(StorePowerCut, KilledCommitsLeaveOldOrNewValuesNeverAMix)
{
    std::string pattern = testing::TempDir() + "holdfast-kill-XXXXXX";
    const std::filesystem::path directory = ::mkdtemp(pattern.data());
    io::PosixClock clock;
    int last_seen = 0;
    for (int round = 0; round < 25; ++round) {
        SCOPED_TRACE(round);
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            commit_for_ever(directory, last_seen + 1, ends[1]);
        }
        ::close(ends[1]);
        char byte = 0;
        ASSERT_EQ(::read(ends[0], &byte, 1), 1) << "the child commits at least once";
        clock.sleep(std::chrono::microseconds(137 * round % 5000));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        int finished = 1;
        while (::read(ends[0], &byte, 1) == 1) {
            ++finished;
        }
        ::close(ends[0]);

        auto store = Store::open(directory, clock);
        ASSERT_TRUE(store.has_value()) << store.error().message();
        const auto values = store->live_values();
        ASSERT_EQ(values.size(), static_cast<std::size_t>(keys_per_transaction));
        const int found = std::stoi(values.at("settings.k0"));
        EXPECT_EQ(values, generation(found)) << "all keys of one transaction or none";
        EXPECT_GE(found, last_seen + finished) << "what was reported as done has stayed";
        last_seen = found;
    }
    std::filesystem::remove_all(directory);
}

namespace {

struct Weather {
    Leftover leftover;
    std::uint32_t seed;
};

class StoreBelowWhichPowerGoes : public testing::TestWithParam<Weather> {
protected:
    /// True when both patch and commit reported success.
    bool commit(Store& store, int number)
    {
        return store.patch("t", generation(number), {Source::api, "x"}, Strength::strong) &&
               store.commit("t");
    }

    io::PosixClock clock_;
};

TEST_P(StoreBelowWhichPowerGoes, HasOldOrNewValuesAtEveryStep)
{
    bool finished = false;
    int step = 0;
    for (; !finished; ++step) {
        SCOPED_TRACE(step);
        ASSERT_LT(step, 1000);
        PowerCutVfs disk("power-cut");
        {
            auto store = Store::open("/d", clock_, disk.name());
            ASSERT_TRUE(store.has_value()) << store.error().message();
            ASSERT_TRUE(commit(*store, 1));
            disk.cut_power_after(step);
            finished = commit(*store, 2);
            // Also what happens at the orderly end must not be needed.
            disk.cut_power_after(0);
        }
        disk.restart(GetParam().leftover, GetParam().seed + static_cast<std::uint32_t>(step));

        auto store = Store::open("/d", clock_, disk.name());
        ASSERT_TRUE(store.has_value()) << store.error().message();
        const auto values = store->live_values();
        EXPECT_THAT(values, testing::AnyOf(generation(1), generation(2)));
        if (finished) {
            EXPECT_EQ(values, generation(2)) << "success was reported, so it must be durable";
        }
        EXPECT_TRUE(commit(*store, 3)) << "the store goes on";
    }
    EXPECT_GT(step, 5) << "a commit has several steps, or this test cuts nothing";
}

TEST_P(StoreBelowWhichPowerGoes, IsMadeAfreshOrWholeWhenItsCreationWasCut)
{
    bool finished = false;
    for (int step = 0; !finished; ++step) {
        SCOPED_TRACE(step);
        ASSERT_LT(step, 1000);
        PowerCutVfs disk("power-cut");
        disk.cut_power_after(step);
        finished = Store::open("/d", clock_, disk.name()).has_value();
        disk.restart(GetParam().leftover, GetParam().seed + static_cast<std::uint32_t>(step));

        auto store = Store::open("/d", clock_, disk.name());
        ASSERT_TRUE(store.has_value()) << store.error().message();
        EXPECT_TRUE(commit(*store, 1));
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, StoreBelowWhichPowerGoes,
                         testing::Values(Weather{Leftover::nothing, 0},
                                         Weather{Leftover::everything, 0},
                                         Weather{Leftover::some, 1}, Weather{Leftover::some, 1001},
                                         Weather{Leftover::some, 2001}));

} // namespace
} // namespace holdfast::store
