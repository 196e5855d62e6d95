#include "api/client/client.hpp"
#include "api/client/service_options.hpp"
#include "base/text.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/run_program.hpp"
#include "json/json.hpp"

namespace {

using namespace holdfast;

/// The names only: values may be secrets.
void log_pending(api::Client& client, const std::string& transaction)
{
    const auto reply = client.request("GET", "/v2/tx?tx=" + transaction);
    auto pending = reply.has_value() ? parse_json(*reply) : Result<Json>(Failure{reply.error()});
    if (!pending.has_value()) {
        log::warning("cannot tell what is pending, committing all the same",
                     {{"problem", pending.error().message()}});
        return;
    }
    std::vector<std::string> names;
    for (const auto& [name, metadata] : (*pending)["metadata"].items()) {
        names.push_back(name);
    }
    log::info("committing", {{"transaction", transaction}, {"keys", join(names, " ")}});
}

Result<int> run(const CommandLine& arguments, io::System&)
{
    api::ServiceOptions options;
    std::string transaction = "bottlerocket-launch";
    const auto usage = api::parse_service_options(
        "settings-committer", "Commits a transaction; an empty one is a success.", arguments,
        options, {{"--transaction", "Its name", &transaction}});
    if (usage.has_value()) {
        return *usage;
    }
    io::PosixNetwork network;
    api::LocalClient client(network, options.socket_path);
    log_pending(client, transaction);
    const auto done = client.request("POST", "/tx/commit?tx=" + transaction);
    if (done.has_value()) {
        return 0;
    }
    if (done.error().code() == Errc::no_changes) {
        log::info("nothing to commit");
        return 0;
    }
    return Failure{done.error()};
}

} // namespace

int main(int argc, char** argv)
{
    return run_program(argc, argv, run);
}
