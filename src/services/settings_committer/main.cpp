#include "api/client/launch.hpp"
#include "api/client/service_options.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/run_program.hpp"

namespace {

using namespace holdfast;

Result<int> run(const CommandLine& arguments, io::System&)
{
    api::ServiceOptions options;
    std::string transaction = api::launch_transaction;
    const auto usage = api::parse_service_options(
        "settings-committer", "Commits a transaction; an empty one is a success.", arguments,
        options, {{"--transaction", "Its name", &transaction}});
    if (usage.has_value()) {
        return *usage;
    }
    io::PosixNetwork network;
    api::LocalClient client(network, options.socket_path);
    TRY(api::commit_pending(client, transaction));
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
