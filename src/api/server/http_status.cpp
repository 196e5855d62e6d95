#include "api/server/http_status.hpp"

namespace holdfast::api {

int http_status(Errc code)
{
    switch (code) {
    case Errc::invalid: return 400;
    case Errc::not_found: return 404;
    case Errc::conflict: return 409;
    case Errc::too_large: return 413;
    case Errc::no_changes: return 422;
    case Errc::locked: return 423;
    case Errc::denied:
    case Errc::no_space:
    case Errc::io:
    case Errc::timeout:
    case Errc::corrupt:
    case Errc::unsupported:
    case Errc::internal: return 500;
    }
    return 500;
}

} // namespace holdfast::api
