#include "update/agent/options.hpp"

#include <CLI/CLI.hpp>

namespace holdfast::update {

namespace {

void add_choice(CLI::App& command, UpdogOptions& options)
{
    command.add_option("-i,--image", options.image, "Take exactly this version");
    command.add_flag("-n,--now,--ignore-waves", options.ignore_waves,
                     "Before the machine's turn too");
}

void add_reboot(CLI::App& command, UpdogOptions& options)
{
    command.add_flag("-r,--reboot", options.reboot, "Reboot afterwards");
}

/// Declares all commands; each notes itself when it was given.
void add_commands(CLI::App& app, UpdogOptions& options)
{
    const auto add = [&](UpdogCommand which, const char* name, const char* help) -> CLI::App& {
        auto* command = app.add_subcommand(name, help);
        command->fallthrough();
        command->callback([&options, which] { options.command = which; });
        return *command;
    };
    auto& check = add(UpdogCommand::check_update, "check-update", "Show which update there is");
    check.alias("whats");
    check.add_flag("-a,--all", options.all, "Show all that this machine may take");
    add_choice(check, options);
    add(UpdogCommand::prepare, "prepare", "Look whether the repository is in order");
    auto& update = add(UpdogCommand::update, "update", "Fetch an update and boot it next");
    add_choice(update, options);
    add_reboot(update, options);
    add_choice(add(UpdogCommand::update_image, "update-image", "Fetch an update"), options);
    add_reboot(add(UpdogCommand::update_apply, "update-apply", "Boot the fetched update next"),
               options);
    add(UpdogCommand::update_revert, "update-revert", "Take update-apply or -rollback back");
    add(UpdogCommand::update_rollback, "update-rollback", "Boot the version before from now on");
    app.require_subcommand(1);
}

} // namespace

std::variant<UpdogOptions, Usage> parse_updog_options(std::span<const std::string> arguments)
{
    UpdogOptions options;
    const std::map<std::string, log::Level> levels{{"error", log::Level::error},
                                                   {"warn", log::Level::warning},
                                                   {"info", log::Level::info},
                                                   {"debug", log::Level::debug},
                                                   {"trace", log::Level::debug}};
    CLI::App app("Brings updates from a repository onto this machine.", "updog");
    app.add_flag("-j,--json", options.json, "Print JSON");
    app.add_option("--variant", options.variant, "Instead of the running variant");
    app.add_option("--config", options.config, "Settings")->capture_default_str();
    app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
        ->transform(CLI::CheckedTransformer(levels));
    add_commands(app, options);
    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
        return Usage{.text = app.help("", CLI::AppFormatMode::All), .asked_for = true};
    } catch (const CLI::ParseError& problem) {
        return Usage{.text = std::string(problem.what()) + "\n" + app.help()};
    }
    return options;
}

} // namespace holdfast::update
