#include "api/server/options.hpp"

#include <CLI/CLI.hpp>

namespace holdfast::api {

std::variant<ServerOptions, std::string>
parse_server_options(std::span<const std::string> arguments)
{
    ServerOptions options;
    std::uint32_t gid = 0;
    const std::map<std::string, log::Level> levels{{"error", log::Level::error},
                                                   {"warn", log::Level::warning},
                                                   {"info", log::Level::info},
                                                   {"debug", log::Level::debug},
                                                   {"trace", log::Level::debug}};
    CLI::App app("Serves the settings API on a Unix socket, and remotely where settings say so.",
                 "apiserver");
    app.add_option("--datastore-path", options.datastore_path, "Directory of the settings store")
        ->required();
    app.add_option("--socket-path", options.socket_path, "Unix socket to serve on")
        ->capture_default_str();
    app.add_option("--services-socket-path", options.services_socket_path,
                   "Unix socket for the machine's own services")
        ->capture_default_str();
    auto* gid_option = app.add_option("--socket-gid", gid, "Group of the sockets");
    app.add_option("--variant-file", options.variant_file, "The image's variant.json")
        ->capture_default_str();
    app.add_option("--os-release", options.os_release, "What /os tells")->capture_default_str();
    app.add_option("--remote-config", options.remote_config, "Rendered settings.api.remote")
        ->capture_default_str();
    app.add_option("--remote-address", options.remote_address, "Address to serve remotely on")
        ->capture_default_str();
    app.add_option("--applier-socket", options.applier_socket,
                   "Socket behind which settings-applier is started")
        ->capture_default_str();
    app.add_option("--unapplied-file", options.unapplied_file,
                   "Changes that are to be applied; forgotten when the machine restarts")
        ->capture_default_str();
    app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
        ->transform(CLI::CheckedTransformer(levels));
    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
        return app.help();
    } catch (const CLI::ParseError& problem) {
        return std::string(problem.what()) + "\n" + app.help();
    }
    if (gid_option->count() > 0) {
        options.socket_gid = gid;
    }
    return options;
}

} // namespace holdfast::api
