#include "update/tuf/program.hpp"

#include "update/tuf/download.hpp"
#include "update/tuf/options.hpp"

namespace holdfast::tuf {

namespace {

Result<void> run_online(const ProgramOptions& options, io::System& system)
{
    TRY_ASSIGN(const auto http, io::CurlHttpClient::create(system.clock, options.http));
    TRY_ASSIGN(auto client, Client::open(*http, system.files, system.clock, options.client));
    TRY(client.refresh());
    for (const auto& name : options.target_names) {
        TRY(download(client, system.files, name, options.target_dir));
    }
    return {};
}

} // namespace

Result<int> run_tuf_client(const std::vector<std::string>& arguments, io::System& system)
{
    auto parsed = parse_options(arguments);
    if (const auto* status = std::get_if<int>(&parsed)) {
        return *status;
    }
    auto& options = std::get<ProgramOptions>(parsed);
    if (options.verb == ProgramOptions::Verb::init) {
        TRY_ASSIGN(const auto root, system.files.read(options.root_file, largest_root));
        TRY(initialize(system.files, options.client.metadata_dir, root));
        return 0;
    }
    if (options.verb == ProgramOptions::Verb::refresh) {
        options.target_names.clear();
    }
    TRY(run_online(options, system));
    return 0;
}

} // namespace holdfast::tuf
