#include "containers/host_ctr/options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace holdfast::containers {

namespace {

constexpr std::size_t longest_label = 4096;

/// containerd's limit, to which the prefix of a bootstrap container counts.
constexpr std::size_t longest_identifier = 76;

/// Also a folder's name below /local, so no dots and no slashes. Dots appear in identifiers
/// only ("boot.name"), which `clean-up` takes.
Result<void> check_name(const Options& options)
{
    const auto& name = options.container_id;
    const bool is_identifier = options.verb != Options::Verb::run;
    const auto fits = [is_identifier](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || (is_identifier && c == '.');
    };
    if (name.empty() || name.front() == '.' || !std::ranges::all_of(name, fits)) {
        return fail(Errc::invalid, "--container-id \"{}\": expected letters, digits and \"-\"",
                    name);
    }
    ContainerRequest request;
    request.name = name;
    request.kind = options.kind;
    const auto identifier = is_identifier ? name : container_id(request);
    if (identifier.size() > longest_identifier) {
        return fail(Errc::invalid, "--container-id \"{}\": longer than {} characters", identifier,
                    longest_identifier);
    }
    return {};
}

Result<Labels> parse_labels(const std::vector<std::string>& pairs)
{
    Labels labels;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos || pair.size() > longest_label) {
            return fail(Errc::invalid, "--label: expected key=value of at most {} bytes",
                        longest_label);
        }
        labels[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    return labels;
}

Result<std::vector<std::string>> parse_command(const std::string& text)
{
    std::vector<std::string> command;
    if (text.empty()) {
        return command;
    }
    TRY_ASSIGN(const auto list, parse_json(text).while_("--command"));
    if (!list.is_array()) {
        return fail(Errc::invalid, "--command: expected a JSON list of strings");
    }
    for (const auto& item : list) {
        if (!item.is_string()) {
            return fail(Errc::invalid, "--command: expected a JSON list of strings");
        }
        command.push_back(item.get<std::string>());
    }
    return command;
}

struct RawOptions {
    Options options;
    std::string command;
    std::vector<std::string> labels;
    bool stopped = false;
};

void declare(CLI::App& app, RawOptions& raw)
{
    auto& options = raw.options;
    app.require_subcommand(1);
    app.add_option("-s,--containerd-socket", options.socket, "containerd's socket");
    app.add_option("-n,--namespace", options.space, "containerd's namespace");

    auto* run = app.add_subcommand("run", "Run a host or bootstrap container and stay with it");
    run->add_option("--source", options.source, "Image in a registry, or file:///archive.tar")
        ->required();
    run->add_option("--container-id", options.container_id, "The container's name")->required();
    run->add_flag("--superpowered", options.superpowered, "Give it full access to the host");
    run->add_option("--registry-config", options.registry_config, "Mirrors and credentials");
    run->add_option("--container-type", options.kind, "host or bootstrap")
        ->transform(CLI::Transformer(
            std::map<std::string, Kind>{{"host", Kind::host}, {"bootstrap", Kind::bootstrap}}));
    run->add_flag("--use-cached-image", options.use_cached_image,
                  "Don't pull an image that is here already");
    // A unit passes an environment variable on, which may be empty.
    run->add_option("--command", raw.command, "JSON list that replaces the image's program")
        ->expected(0, 1);

    auto* pull = app.add_subcommand("pull-image", "Bring an image into the store");
    pull->add_option("--source", options.source, "Image in a registry, or file:///archive.tar")
        ->required();
    pull->add_option("--registry-config", options.registry_config, "Mirrors and credentials");
    pull->add_flag("--skip-if-image-exists", options.skip_if_image_exists,
                   "Don't pull an image that is here already");
    pull->add_option("--label", raw.labels, "key=value to set on the image");

    auto* clean = app.add_subcommand("clean-up", "Stop and remove a container");
    clean->add_option("--container-id", options.container_id, "Its identifier")->required();

    auto* finish = app.add_subcommand("finish", "Remove a container that has ended");
    finish->group(""); // host-ctr-wait calls it, people don't
    finish->add_option("--container-id", options.container_id, "Its identifier")->required();
    finish->add_flag("--stopped", raw.stopped, "It was asked to end");
}

} // namespace

Result<Parsed> parse_options(const CommandLine& arguments)
{
    CLI::App app{"Runs Holdfast's host and bootstrap containers on containerd.", "host-ctr"};
    RawOptions raw;
    declare(app, raw);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& stop) {
        const int status = app.exit(stop, std::cout, std::cerr);
        return Parsed{{}, status == 0 ? 0 : 2};
    }
    auto& options = raw.options;
    const auto verb = app.get_subcommands().front()->get_name();
    options.verb = verb == "run"          ? Options::Verb::run
                   : verb == "pull-image" ? Options::Verb::pull_image
                   : verb == "clean-up"   ? Options::Verb::clean_up
                                          : Options::Verb::finish;
    options.ended = raw.stopped ? Ended::on_request : Ended::by_itself;
    if (options.verb != Options::Verb::pull_image) {
        TRY(check_name(options));
    }
    TRY_ASSIGN(options.command, parse_command(raw.command));
    TRY_ASSIGN(options.labels, parse_labels(raw.labels));
    return Parsed{std::move(options), std::nullopt};
}

} // namespace holdfast::containers
