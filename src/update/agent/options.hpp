#pragma once

#include "base/log.hpp"

#include <optional>
#include <span>
#include <string>
#include <variant>

namespace holdfast::update {

enum class UpdogCommand {
    check_update,
    prepare,
    update,
    update_image,
    update_apply,
    update_revert,
    update_rollback
};

/// The command line of updog.
struct UpdogOptions {
    UpdogCommand command = UpdogCommand::check_update;
    bool all = false;
    bool ignore_waves = false; ///< `--ignore-waves`, `--now`.
    bool reboot = false;
    bool json = false;
    std::string image = {};   ///< The one version to take; empty: by the rules.
    std::string variant = {}; ///< Instead of the running one.
    log::Level log_level = log::Level::info;
    std::string config = "/etc/updog.toml";
};

/// How the program ends without doing anything.
struct Usage {
    std::string text;
    bool asked_for = false;
};

std::variant<UpdogOptions, Usage> parse_updog_options(std::span<const std::string> arguments);

} // namespace holdfast::update
