#pragma once

#include "io/files.hpp"
#include "json/json.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::containers {

enum class Kind { host, bootstrap };

/// What an image says about the process to run in it.
struct ImageProcess {
    std::vector<std::string> entrypoint;
    std::vector<std::string> arguments;
    std::vector<std::string> environment; ///< "NAME=value"
    std::string directory = "/";
    std::uint32_t user = 0;
    std::uint32_t group = 0;

    /// From the image's configuration blob. Errors: `invalid`; `unsupported` for a user by name,
    /// whose number only the image's own /etc/passwd knows.
    static Result<ImageProcess> parse(const Json& image_configuration);
};

struct ContainerRequest {
    std::string name; ///< Of the setting; the identifier without its prefix.
    Kind kind = Kind::host;
    bool superpowered = false;
    std::vector<std::string> command; ///< Replaces the image's entrypoint and arguments.
    std::string cgroup;               ///< Path of its control group.
    std::vector<std::string> proxies; ///< "NAME=value" of the proxy variables, for its environment.
};

/// The OCI runtime specification of a host or bootstrap container. Looks at the host's files: a
/// path that every container gets and that this host lacks is an error (`not_found`), as the
/// container would miss a part of its interface without a word.
Result<Json> make_specification(const ContainerRequest& request, const ImageProcess& process,
                                io::Files& host);

} // namespace holdfast::containers
