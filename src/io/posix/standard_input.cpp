#include "io/posix/standard_input.hpp"

#include <cerrno>
#include <unistd.h>

namespace holdfast::io {

namespace {

enum class Until { end, end_of_line };

Result<std::string> read(Until until, std::size_t limit)
{
    std::string text;
    char buffer[16 * 1024];
    while (until == Until::end || !text.ends_with('\n')) {
        const auto count = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (count == 0) {
            break;
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
    return text;
}

} // namespace

Result<std::string> read_standard_input(std::size_t limit)
{
    return read(Until::end, limit);
}

Result<std::string> read_line_of_standard_input(std::size_t limit)
{
    return read(Until::end_of_line, limit);
}

} // namespace holdfast::io
