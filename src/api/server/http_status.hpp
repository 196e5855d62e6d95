#pragma once

#include "base/error.hpp"

namespace holdfast::api {

/// The HTTP status that tells of an error. A 5xx is our bug or the machine's fault.
int http_status(Errc code);

} // namespace holdfast::api
