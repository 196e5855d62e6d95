#include "base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace holdfast {

std::string_view name(Errc code)
{
    switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not_found";
    case Errc::no_changes: return "no_changes";
    case Errc::conflict: return "conflict";
    case Errc::locked: return "locked";
    case Errc::too_large: return "too_large";
    case Errc::denied: return "denied";
    case Errc::no_space: return "no_space";
    case Errc::io: return "io";
    case Errc::timeout: return "timeout";
    case Errc::corrupt: return "corrupt";
    case Errc::unsupported: return "unsupported";
    case Errc::internal: return "internal";
    }
    return "unknown";
}

namespace {

Errc code_of_errno(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ENXIO: return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::denied;
    case ENOSPC:
    case EDQUOT: return Errc::no_space;
    case ETIMEDOUT: return Errc::timeout;
    case EBUSY:
    case EAGAIN: return Errc::locked;
    case EINVAL:
    case ENAMETOOLONG: return Errc::invalid;
    default: return Errc::io;
    }
}

} // namespace

Failure<Error> fail_errno(std::string_view what, int error_number)
{
    return fail(code_of_errno(error_number), "{}: {}", what,
                std::generic_category().message(error_number));
}

void check(bool condition, std::string_view what)
{
    if (!condition) {
        std::fprintf(stderr, "<2>broken invariant: %.*s\n", static_cast<int>(what.size()),
                     what.data());
        std::abort();
    }
}

} // namespace holdfast
