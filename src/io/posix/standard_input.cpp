#include "io/posix/standard_input.hpp"

#include <cerrno>
#include <unistd.h>

namespace holdfast::io {

Result<std::string> read_standard_input(std::size_t limit)
{
    std::string text;
    char buffer[16 * 1024];
    for (;;) {
        const auto count = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (count == 0) {
            return text;
        }
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail_errno("reading standard input", errno);
        }
        text.append(buffer, static_cast<std::size_t>(count));
        if (text.size() > limit) {
            return fail(Errc::too_large, "standard input is longer than {} bytes", limit);
        }
    }
}

} // namespace holdfast::io
