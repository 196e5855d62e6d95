#pragma once

#include "io/clock.hpp"

namespace holdfast::io {

/// Time that passes only when somebody sleeps or the test says so. Starts at 2024-01-01 00:00 UTC.
class FakeClock final : public Clock {
public:
    std::chrono::system_clock::time_point now() override { return wall_; }
    std::chrono::steady_clock::time_point monotonic_now() override { return monotonic_; }
    void sleep(std::chrono::nanoseconds duration) override
    {
        advance(duration);
        slept_ += duration;
    }

    void advance(std::chrono::nanoseconds duration)
    {
        wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
        monotonic_ += duration;
    }
    /// The wall clock is set, as NTP does; monotonic time goes on.
    void set(std::chrono::system_clock::time_point time) { wall_ = time; }
    std::chrono::nanoseconds slept() const { return slept_; }

private:
    std::chrono::system_clock::time_point wall_ =
        std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
    std::chrono::steady_clock::time_point monotonic_{};
    std::chrono::nanoseconds slept_{0};
};

} // namespace holdfast::io
