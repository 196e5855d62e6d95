#pragma once

#include "base/error.hpp"
#include "containers/lifecycle/host_container.hpp"
#include "io/posix/run_program.hpp"

#include <optional>

namespace holdfast::containers {

/// What host-ctr was asked for, checked.
struct Options {
    enum class Verb { run, pull_image, clean_up, finish };
    Verb verb = Verb::run;
    std::filesystem::path socket = "/run/host-containerd/containerd.sock";
    std::string space = "default";

    std::string source;
    std::string container_id;
    std::filesystem::path registry_config;
    bool superpowered = false;
    Kind kind = Kind::host;
    bool use_cached_image = false;
    std::vector<std::string> command;

    bool skip_if_image_exists = false;
    Labels labels;

    Ended ended = Ended::by_itself; ///< finish only
};

/// Either options, or a status to exit with at once, as after --help.
struct Parsed {
    Options options;
    std::optional<int> exit_status;
};

Result<Parsed> parse_options(const CommandLine& arguments);

} // namespace holdfast::containers
