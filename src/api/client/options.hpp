#pragma once

#include "base/error.hpp"
#include "base/log.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::api {

/// The command line of apiclient, as far as it is the same for all subcommands.
struct ClientOptions {
    std::filesystem::path socket_path = "/run/api.sock";
    log::Level log_level = log::Level::info;
    std::string remote; ///< "HOST:PORT", or empty for the socket.
    std::filesystem::path ca;
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::string subcommand;             ///< "raw" where none was given.
    std::vector<std::string> arguments; ///< Those of the subcommand.
};

/// Global options may stand anywhere; what is left after the subcommand's name is its own. After
/// "--" nothing is looked at (api.md §16 fixes all this, so CLI11's rules don't fit).
/// Errors: `invalid` for misuse, with an empty message where the user asked for help.
Result<ClientOptions> parse_client_options(std::span<const std::string> arguments);

/// The usage text.
std::string client_usage();

} // namespace holdfast::api
