#include "machine/run_verb.hpp"

#include "base/text.hpp"
#include "io/posix/become_program.hpp"
#include "io/posix/posix_background.hpp"
#include "io/posix/posix_sockets.hpp"
#include "io/posix/posix_terminal.hpp"
#include "io/posix/standard_input.hpp"
#include "machine/run.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <deque>
#include <format>
#include <ranges>

namespace holdfast::machine {

namespace {

namespace fs = std::filesystem;

/// The checkout inside the SDK tree.
const fs::path checkout = "/src/holdfast";
/// And the host's files.
const fs::path host_root = "/host";

RunPlaces places()
{
    return {.state = checkout / "out/run",
            .keys = KeyFiles(checkout / "keys"),
            .cache = "/var/cache/holdfast"};
}

/// The adapters that io::System does not carry, because only these verbs need them.
struct Adapters {
    io::PosixBackground background;
    io::PosixSockets sockets;
    io::PosixTerminal terminal;

    World world(io::System& system)
    {
        return {system.files, system.clock, system.processes, background, sockets};
    }
};

/// Parses; the exit status when the program shall end here.
std::optional<int> parse(CLI::App& app, const CommandLine& arguments)
{
    try {
        app.parse(CommandLine(arguments.rbegin(), arguments.rend()));
        return std::nullopt;
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
}

Result<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (problem != std::errc{} || end != text.data() + text.size() || port == 0) {
        return fail(Errc::invalid, "{} is not a port", text);
    }
    return port;
}

Result<PortForward> parse_forward(const std::string& text)
{
    const auto parts = split(text, ':');
    if (parts.size() != 2) {
        return fail(Errc::invalid, "--forward {}: expected HOST:GUEST, two ports", text);
    }
    PortForward forward;
    TRY_ASSIGN(forward.host, parse_port(parts[0]).while_("--forward"));
    TRY_ASSIGN(forward.guest, parse_port(parts[1]).while_("--forward"));
    return forward;
}

struct RunCommandLine {
    std::string variant = "metal-dev";
    std::string image;
    std::string user_data;
    std::vector<std::string> forwards;
    bool headless = false;
    bool fresh = false;
    int memory_mib = 2048;
    int cpus = 2;
    std::uint64_t disk_gib = 8;
    int limit_seconds = 300;
};

void declare(CLI::App& app, RunCommandLine& line)
{
    app.add_option("--variant", line.variant, "variant to build and start")->capture_default_str();
    app.add_option("--image", line.image, "start this disk image, building nothing");
    app.add_option("--user-data", line.user_data, "TOML file given to the machine on a CD-ROM");
    app.add_flag("--headless", line.headless, "return once the API answers; the machine goes on");
    app.add_flag("--fresh", line.fresh, "start from the image again, dropping the machine's disk");
    app.add_option("--forward", line.forwards, "HOST:GUEST, a port of 127.0.0.1 that leads inside");
    // What QEMU, and the image with room for data, can do with.
    app.add_option("--memory", line.memory_mib, "MiB")
        ->capture_default_str()
        ->check(CLI::Range(256, 1 << 20));
    app.add_option("--cpus", line.cpus, "processors")
        ->capture_default_str()
        ->check(CLI::Range(1, 255));
    app.add_option("--disk", line.disk_gib, "GiB that the disk is enlarged to")
        ->capture_default_str()
        ->check(CLI::Range(2, 1 << 16));
    app.add_option("--timeout", line.limit_seconds, "seconds until the API must have answered")
        ->capture_default_str()
        ->check(CLI::Range(1, 86'400));
}

/// A path below /host with its symbolic links as the host sees them: targets are below /host, too.
fs::path resolved_on_host(io::Files& files, const fs::path& path)
{
    constexpr int most_links = 40; // As the kernel.
    const auto typed = path.lexically_relative(host_root);
    std::deque<fs::path> rest(typed.begin(), typed.end());
    fs::path resolved = host_root;
    int links = 0;
    while (!rest.empty()) {
        const auto part = rest.front();
        rest.pop_front();
        if (part == "..") {
            resolved = resolved == host_root ? host_root : resolved.parent_path();
            continue;
        }
        if (part == "." || part.empty()) {
            continue;
        }
        const auto target = files.read_link(resolved / part);
        if (!target || ++links > most_links) {
            resolved /= part;
            continue;
        }
        resolved = target->is_absolute() ? host_root : resolved;
        const auto relative = target->relative_path();
        rest.insert(rest.begin(), relative.begin(), relative.end());
    }
    return resolved;
}

Result<RunOptions> options_of(const RunCommandLine& line, io::System& system)
{
    RunOptions options;
    options.memory_mib = line.memory_mib;
    options.cpus = line.cpus;
    options.disk_gib = line.disk_gib;
    options.limit = std::chrono::seconds{line.limit_seconds};
    options.accelerator = system.environment("HOLDFAST_ACCEL");
    options.mode = line.headless ? RunOptions::Mode::headless : RunOptions::Mode::console;
    options.disk_state =
        line.fresh ? RunOptions::DiskState::fresh : RunOptions::DiskState::kept;
    if (!line.user_data.empty()) {
        TRY_ASSIGN(options.user_data, existing_file(system, "--user-data", line.user_data));
    }
    if (!line.image.empty()) {
        TRY_ASSIGN(options.image, existing_file(system, "--image", line.image));
    }
    for (const auto& text : line.forwards) {
        TRY_ASSIGN(options.forwards.emplace_back(), parse_forward(text));
    }
    return options;
}

constexpr std::string_view file_url = "file://";

/// The files that `apply` is to read, by the path that was typed: in here they have another one.
std::map<std::string, std::string> file_names(io::System& system, const CommandLine& arguments)
{
    std::map<std::string, std::string> names;
    const auto end_of_options = std::ranges::find(arguments, "--");
    const bool applies = std::find(arguments.begin(), end_of_options, "apply") != end_of_options;
    for (const auto& argument : arguments) {
        if (applies && argument.starts_with(file_url)) {
            const auto typed = argument.substr(file_url.size());
            names[typed] = user_path(system, typed).native();
        }
    }
    return names;
}

/// What it says is about files as the user knows them.
Result<int> run_and_rename(io::Processes& processes, const std::vector<std::string>& words,
                           const std::map<std::string, std::string>& names)
{
    io::Command command{.arguments = words, .input = {}, .environment = {}};
    if (std::ranges::contains(words, "-")) {
        TRY_ASSIGN(command.input, io::read_standard_input());
    }
    TRY_ASSIGN(const auto outcome, processes.run(command));
    std::fputs(outcome.output.c_str(), stdout);
    std::fputs(with_typed_names(outcome.errors, names).c_str(), stderr);
    return outcome.exit_status;
}

} // namespace

fs::path user_path(io::System& system, const fs::path& typed)
{
    const fs::path work = system.environment("HOLDFAST_WORK").value_or(checkout.native());
    const auto path = typed.is_absolute() ? host_root / typed.relative_path() : work / typed;
    const bool is_on_host = path.native().starts_with(host_root.native() + "/");
    return is_on_host ? resolved_on_host(system.files, path) : path;
}

Result<fs::path> existing_file(io::System& system, std::string_view option,
                               const std::string& typed)
{
    auto path = user_path(system, typed);
    if (!system.files.exists(path) || system.files.is_directory(path)) {
        return fail(Errc::not_found, "{}: there is no file {}", option, typed);
    }
    return path;
}

Result<int> run_verb(const CommandLine& arguments, io::System& system, ImageMaker make_image)
{
    CLI::App app("Starts an image in a virtual machine.", "holdfast run");
    RunCommandLine line;
    declare(app, line);
    if (const auto status = parse(app, arguments)) {
        return *status;
    }
    TRY_ASSIGN(auto options, options_of(line, system));
    if (line.image.empty()) {
        TRY_ASSIGN(options.image, make_image(system, line.variant));
    }
    Adapters adapters;
    return run(adapters.world(system), adapters.terminal, places(), options);
}

bool is_machine_running(io::System& system)
{
    Adapters adapters;
    return running_api(adapters.world(system), places()).has_value();
}

Result<int> stop_verb(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Shuts down the machine that `run` started.", "holdfast stop");
    int limit = 60;
    app.add_option("--timeout", limit, "seconds for an orderly shutdown")->capture_default_str();
    if (const auto status = parse(app, arguments)) {
        return *status;
    }
    Adapters adapters;
    return stop(adapters.world(system), adapters.terminal, places(), std::chrono::seconds{limit});
}

std::string with_typed_names(std::string text, const std::map<std::string, std::string>& names)
{
    for (const auto& [typed, ours] : names) {
        for (auto at = text.find(ours); at != text.npos; at = text.find(ours, at + typed.size())) {
            text.replace(at, ours.size(), typed);
        }
    }
    return text;
}

namespace {

/// The program as it lies in the image.
Result<std::string> compiled_apiclient(io::System& system)
{
    const auto build = checkout / "build/release";
    TRY(io::run_checked(system.processes,
                        {.arguments = {(checkout / "cmake/ninja").native(), "--quiet", "-C",
                                       build.native(), "apiclient"}})
            .while_("compiling apiclient"));
    return (build / "bin/apiclient").native();
}

/// For which no machine is needed. Later words may be a command's, inside a container.
bool asks_for_help(const CommandLine& arguments)
{
    return std::ranges::any_of(arguments | std::views::take(2), [](const std::string& word) {
        return word == "--help" || word == "-h";
    });
}

} // namespace

Result<int> apiclient_verb(const CommandLine& arguments, io::System& system)
{
    Adapters adapters;
    if (asks_for_help(arguments)) {
        TRY_ASSIGN(const auto program, compiled_apiclient(system));
        std::vector<std::string> command{program};
        command.insert(command.end(), arguments.begin(), arguments.end());
        TRY_ASSIGN(const auto outcome, system.processes.run({.arguments = std::move(command)}));
        std::fputs(outcome.output.c_str(), stdout);
        std::fputs(outcome.errors.c_str(), stderr);
        return outcome.exit_status;
    }
    TRY_ASSIGN(const auto access, running_api(adapters.world(system), places()));
    TRY_ASSIGN(const auto program, compiled_apiclient(system));
    auto command = access.apiclient_options();
    command.insert(command.begin(), program);
    const auto names = file_names(system, arguments);
    for (const auto& argument : arguments) {
        const auto name = argument.starts_with(file_url)
                              ? names.find(argument.substr(file_url.size()))
                              : names.end();
        command.push_back(name == names.end() ? argument : std::string(file_url) + name->second);
    }
    if (!names.empty()) {
        return run_and_rename(system.processes, command, names);
    }
    TRY(io::become_program(command, user_path(system, ".")));
    return 0;
}

} // namespace holdfast::machine
