#pragma once

#include "io/files.hpp"
#include "update/status/status.hpp"

namespace holdfast::update {

/// Who the running image is, from the text of os-release(5) and the running program's
/// architecture. Errors: `internal` naming what is missing.
Result<ImageIdentity> parse_identity(std::string_view os_release);

/// From /etc/os-release.
Result<ImageIdentity> read_identity(io::Files& files);

} // namespace holdfast::update
