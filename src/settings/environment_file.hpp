#pragma once

#include <string>
#include <string_view>

namespace holdfast::settings {

/// `NAME=value` and a newline, for EnvironmentFile= of systemd.exec(5). The value is quoted where
/// it has anything that systemd would not read literally. It must be of one line.
std::string environment_line(std::string_view name, std::string_view value);

} // namespace holdfast::settings
