#pragma once

#include <chrono>

namespace holdfast::io {

/// Wall-clock time, monotonic time and waiting.
class Clock {
public:
    virtual ~Clock() = default;
    virtual std::chrono::system_clock::time_point now() = 0;
    virtual std::chrono::steady_clock::time_point monotonic_now() = 0;
    virtual void sleep(std::chrono::nanoseconds duration) = 0;
};

} // namespace holdfast::io
