#include "io/posix/posix_system.hpp"

#include <sys/random.h>
#include <thread>

namespace holdfast::io {

std::chrono::system_clock::time_point PosixClock::now()
{
    return std::chrono::system_clock::now();
}

std::chrono::steady_clock::time_point PosixClock::monotonic_now()
{
    return std::chrono::steady_clock::now();
}

void PosixClock::sleep(std::chrono::nanoseconds duration)
{
    std::this_thread::sleep_for(duration);
}

void PosixRandom::fill(std::span<std::byte> bytes)
{
    while (!bytes.empty()) {
        const auto count = ::getrandom(bytes.data(), bytes.size(), 0);
        // Without entropy nothing may go on: keys made from zeros would be worse than no machine.
        check(count > 0, "getrandom gives bytes");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

} // namespace holdfast::io
