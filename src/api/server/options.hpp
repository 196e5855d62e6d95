#pragma once

#include "base/error.hpp"
#include "base/log.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace holdfast::api {

struct ServerOptions {
    std::filesystem::path datastore_path;
    std::filesystem::path socket_path = "/run/api.sock";
    std::filesystem::path services_socket_path = "/run/apiserver-services.sock";
    std::optional<std::uint32_t> socket_gid;
    std::filesystem::path variant_file = "/usr/share/holdfast/variant.json";
    std::filesystem::path os_release = "/etc/os-release";
    std::filesystem::path remote_config = "/etc/apiserver/remote.json";
    std::string remote_address = "::";
    std::filesystem::path applier_socket = "/run/settings-applier.sock";
    std::filesystem::path unapplied_file = "/run/apiserver-unapplied.json";
    log::Level log_level = log::Level::info;
};

/// The options, or the usage text for the user: then the exit status is 2.
std::variant<ServerOptions, std::string>
parse_server_options(std::span<const std::string> arguments);

} // namespace holdfast::api
