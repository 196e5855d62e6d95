#include "api/client/service_options.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/run_program.hpp"
#include "services/early_boot_config/early_boot_config.hpp"

namespace {

using namespace holdfast;

Result<int> run(const CommandLine& arguments, io::System& system)
{
    api::ServiceOptions options;
    std::string variant_file = "/usr/share/holdfast/variant.json";
    std::string marker = "/var/lib/bottlerocket/early-boot-config.ran";
    const auto usage = api::parse_service_options(
        "early-boot-config", "Applies user data at the first boot.", arguments, options,
        {{"--variant-file", "The image's variant.json", &variant_file},
         {"--marker", "The file that says user data was applied", &marker}});
    if (usage.has_value()) {
        return *usage;
    }
    TRY_ASSIGN(const auto variant, system.files.read(variant_file));
    TRY_ASSIGN(const auto model, settings::Model::load(variant));
    io::PosixNetwork network;
    api::LocalClient client(network, options.socket_path);
    TRY(early_boot_config::configure(early_boot_config::providers(), model, client, system.files,
                                     marker));
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
