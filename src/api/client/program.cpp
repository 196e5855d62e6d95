#include "api/client/program.hpp"

#include "api/client/commands.hpp"
#include "api/client/options.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/posix_terminal.hpp"
#include "io/posix/standard_input.hpp"

#include <cstdio>

namespace holdfast::api {

namespace {

int explain_use(std::string_view problem)
{
    const auto text = (problem.empty() ? "" : std::string(problem) + "\n") + client_usage();
    std::fputs(text.c_str(), stderr);
    return 2;
}

Result<std::unique_ptr<Client>> make_client(const ClientOptions& options, io::Network& network,
                                            io::Files& files)
{
    if (options.remote.empty()) {
        return std::make_unique<LocalClient>(network, options.socket_path);
    }
    TRY_ASSIGN(auto server, RemoteServer::parse(options.remote));
    server.ca = options.ca;
    server.certificate = options.certificate;
    server.key = options.key;
    return std::make_unique<RemoteClient>(network, files, std::move(server));
}

Result<int> finish(const CommandOutcome& outcome)
{
    if (!outcome.has_value()) {
        if (const auto* misused = std::get_if<Misuse>(&outcome.error().why)) {
            return explain_use(misused->message);
        }
        return Failure{std::get<Error>(outcome.error().why)};
    }
    if (!outcome->notes.empty()) {
        log::info(outcome->notes);
    }
    const auto& output = outcome->output;
    if (std::fwrite(output.data(), 1, output.size(), stdout) != output.size() ||
        std::fflush(stdout) != 0) {
        return fail(Errc::io, "standard output cannot be written");
    }
    return 0;
}

} // namespace

Result<int> run_client(const CommandLine& arguments, io::System& system)
{
    const auto options = parse_client_options(arguments);
    if (!options.has_value()) {
        return explain_use(options.error().message());
    }
    log::set_level(options->log_level);
    auto* const command = find_command(options->subcommand);
    if (command == nullptr) {
        return explain_use("Unknown subcommand '" + options->subcommand + "'");
    }
    io::PosixNetwork network;
    TRY_ASSIGN(const auto client, make_client(*options, network, system.files));
    Surroundings world{.client = *client,
                       .random = system.random,
                       .files = system.files,
                       .network = network,
                       .standard_input = [] { return io::read_standard_input(); },
                       .clock = system.clock};
    if (io::is_standard_error_a_terminal()) {
        world.show_progress = [](std::string_view text) {
            std::fwrite(text.data(), 1, text.size(), stderr);
        };
    }
    return finish(command(world, options->arguments));
}

} // namespace holdfast::api
