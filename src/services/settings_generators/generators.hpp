#pragma once

#include "api/client/client.hpp"
#include "io/processes.hpp"
#include "json/json.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::settings_generators {

/// Splits a command line at blanks; quotes and backslashes hold as in a shell, nothing else does.
/// Errors: `invalid` for a quote that is not closed, or no word at all.
Result<std::vector<std::string>> split_command(std::string_view command);

/// HTTPS_PROXY and NO_PROXY in both spellings, where settings.network.https-proxy is set
/// (api.md §10).
std::map<std::string, std::string> proxy_environment(const Json& settings);

/// Runs one generator. Nothing where it has no value (exit status 2). Errors: `io`, `timeout`,
/// `invalid` for output that is no JSON value.
Result<std::optional<Json>> run_generator(io::Processes& processes, const std::string& command,
                                          const std::map<std::string, std::string>& environment);

/// Runs the generators of all settings that nobody has set, and adds the values to the launch
/// transaction. A generator that fails costs only its own setting here; the error that names them
/// all comes at the end.
Result<void> generate(api::Client& client, io::Processes& processes);

} // namespace holdfast::settings_generators
