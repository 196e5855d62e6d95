#include "tool/verbs.hpp"

#include "settings/check/check.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace holdfast::tool {

Result<int> check_verb(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Validates a user data file against a variant, as a machine would take it. Exit "
                 "status 0: all fine; 1: problems, one line each.",
                 "holdfast check");
    std::string file;
    std::string variant_name = "metal-dev";
    app.add_option("file", file, "user data: TOML, also gzip-compressed or base64")->required();
    app.add_option("--variant", variant_name, "variant name, or path of a variant file")
        ->capture_default_str();
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    TRY_ASSIGN(const auto path, machine::existing_file(system, "user data", file));
    TRY_ASSIGN(const auto variant_file, find_variant(system, variant_name));
    TRY_ASSIGN(const auto variant, image::load_variant(variant_file));
    TRY_ASSIGN(const auto model, load_model(variant));
    TRY_ASSIGN(const auto bytes, system.files.read(path));
    return settings::check_user_data(file, bytes, model, std::cout);
}

} // namespace holdfast::tool
