#pragma once

#include "base/error.hpp"
#include "base/log.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::api {

/// The options that every program has which talks to the API at boot.
struct ServiceOptions {
    std::filesystem::path socket_path = "/run/apiserver-services.sock";
    log::Level log_level = log::Level::info;
};

/// One more option of a program: a flag, or one with a value.
struct ExtraOption {
    std::string name; ///< With its dashes.
    std::string help;
    std::variant<bool*, std::string*> target;
};

/// Fills the options and sets the log level. Nothing when all is well; else the usage is on
/// standard error and the program's exit status is to be 2.
std::optional<int> parse_service_options(const char* program, const char* description,
                                         std::span<const std::string> arguments,
                                         ServiceOptions& options,
                                         const std::vector<ExtraOption>& extra = {});

} // namespace holdfast::api
