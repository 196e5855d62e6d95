#include "api/client/launch.hpp"
#include "api/client/service_options.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/run_program.hpp"
#include "services/settings_generators/generators.hpp"

namespace {

using namespace holdfast;

Result<int> run(const CommandLine& arguments, io::System& system)
{
    api::ServiceOptions options;
    const auto usage = api::parse_service_options(
        "settings-generators", "Generates the settings that nobody has set.", arguments, options);
    if (usage.has_value()) {
        return *usage;
    }
    io::PosixNetwork network;
    api::LocalClient client(network, options.socket_path);
    TRY(api::commit_pending(client));
    TRY(settings_generators::generate(client, system.processes));
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
