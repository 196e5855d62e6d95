#include "update/tuf/options.hpp"

#include <CLI/CLI.hpp>

namespace holdfast::tuf {

std::variant<ProgramOptions, int> parse_options(const std::vector<std::string>& arguments)
{
    ProgramOptions options;
    std::string metadata_dir;
    std::string target_dir;
    std::string root_file;
    CLI::App app("A client of TUF repositories. Options stand before the verb.", "tuf-client");
    app.add_option("--metadata-dir", metadata_dir, "folder for trusted metadata")->required();
    app.add_option("--metadata-url", options.client.metadata_url, "URL of the metadata");
    app.add_option("--target-name", options.target_names, "target to download; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--target-base-url", options.client.targets_url, "URL of the targets");
    app.add_option("--target-dir", target_dir, "folder for downloaded targets");
    app.add_option("--proxy", options.http.proxy, "HTTP proxy");
    app.add_option("--no-proxy", options.http.no_proxy, "hosts reached without the proxy");
    app.add_option("--ca-file", options.http.ca_file, "certificate authorities in PEM");
    auto* init = app.add_subcommand("init", "trust a root file; makes no request");
    init->add_option("root", root_file, "the root file")->required();
    const auto* refresh = app.add_subcommand("refresh", "bring the metadata up to date");
    const auto* download = app.add_subcommand("download", "refresh, then fetch targets");
    app.require_subcommand(1);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
        if (!init->parsed() && options.client.metadata_url.empty()) {
            throw CLI::RequiredError("--metadata-url");
        }
        if (download->parsed() && (options.target_names.empty() || target_dir.empty() ||
                                   options.client.targets_url.empty())) {
            throw CLI::RequiredError("--target-name, --target-base-url and --target-dir");
        }
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 1;
    }
    options.verb = init->parsed()      ? ProgramOptions::Verb::init
                   : refresh->parsed() ? ProgramOptions::Verb::refresh
                                       : ProgramOptions::Verb::download;
    const std::filesystem::path working_directory = ".";
    options.root_file = working_directory / root_file;
    options.target_dir = working_directory / target_dir;
    options.client.metadata_dir = working_directory / metadata_dir;
    options.client.shipped_root = options.client.metadata_dir / initial_root_name;
    return options;
}

} // namespace holdfast::tuf
