#include "api/client/service_options.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace holdfast::api {

namespace {

void add_extra(CLI::App& app, const ExtraOption& option)
{
    if (auto* const* flag = std::get_if<bool*>(&option.target)) {
        app.add_flag(option.name, **flag, option.help);
    } else {
        app.add_option(option.name, *std::get<std::string*>(option.target), option.help)
            ->capture_default_str();
    }
}

} // namespace

std::optional<int> parse_service_options(const char* program, const char* description,
                                         std::span<const std::string> arguments,
                                         ServiceOptions& options,
                                         const std::vector<ExtraOption>& extra)
{
    const std::map<std::string, log::Level> levels{{"error", log::Level::error},
                                                   {"warn", log::Level::warning},
                                                   {"info", log::Level::info},
                                                   {"debug", log::Level::debug},
                                                   {"trace", log::Level::debug}};
    CLI::App app(description, program);
    app.add_option("--socket-path", options.socket_path, "The API's Unix socket")
        ->capture_default_str();
    app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
        ->transform(CLI::CheckedTransformer(levels));
    for (const auto& option : extra) {
        add_extra(app, option);
    }
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        std::fputs(app.help().c_str(), stderr);
        return 2;
    } catch (const CLI::ParseError& problem) {
        std::fputs((std::string(problem.what()) + "\n" + app.help()).c_str(), stderr);
        return 2;
    }
    log::set_level(options.log_level);
    return std::nullopt;
}

} // namespace holdfast::api
