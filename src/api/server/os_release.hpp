#pragma once

#include "io/files.hpp"
#include "json/json.hpp"

namespace holdfast::api {

/// The /os object: pretty_name, variant_id, version_id, build_id, arch, from the text of
/// os-release(5). Errors: `internal` naming a missing field.
Result<Json> os_object(std::string_view os_release, std::string_view architecture);

/// The same from a file, mostly /etc/os-release, and the running program's architecture.
Result<Json> read_os_object(io::Files& files, const std::filesystem::path& os_release);

} // namespace holdfast::api
