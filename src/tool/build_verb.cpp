#include "tool/verbs.hpp"

#include "base/text.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "tool/bundle.hpp"
#include "tool/repo_keys.hpp"
#include "update/repository/publish.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace holdfast::tool {

namespace fs = std::filesystem;

Result<image::Context> make_context(io::System& system)
{
    const auto from_environment = [&system](const char* name) {
        return system.environment(name).value_or("");
    };
    static io::PosixFileLocks locks; // Has no state of its own.
    image::Context context{.system = system,
                           .locks = locks,
                           .checkout = checkout,
                           .output = fs::path(checkout) / "out",
                           .cache = "/var/cache/holdfast",
                           .programs = fs::path(checkout) / "build/release/bin",
                           .mirror = from_environment("HOLDFAST_MIRROR"),
                           .architecture = "amd64",
                           .commit8 = from_environment("HOLDFAST_COMMIT"),
                           .source_date_epoch = from_environment("SOURCE_DATE_EPOCH")};
    if (context.mirror.empty() || context.commit8.empty() || context.source_date_epoch.empty()) {
        return fail(Errc::invalid, "start this through ./holdfast, which sets HOLDFAST_MIRROR, "
                                   "HOLDFAST_COMMIT and SOURCE_DATE_EPOCH");
    }
    return context;
}

Result<fs::path> find_variant(io::System& system, const std::string& name)
{
    if (name.contains('/')) {
        return user_path(system, name);
    }
    const auto folder = fs::path(checkout) / "variants";
    auto file = folder / (name + ".toml");
    if (system.files.exists(file)) {
        return file;
    }
    TRY_ASSIGN(const auto names, system.files.list(folder));
    std::vector<std::string> known;
    for (const auto& entry : names) {
        if (entry.ends_with(".toml")) {
            known.push_back(entry.substr(0, entry.size() - 5));
        }
    }
    return fail(Errc::not_found, "no variant \"{}\"; there are: {}", name, join(known, ", "));
}

Result<settings::Model> load_model(const image::Variant& variant)
{
    // Without its defaults first, so that each of them can be blamed by its place.
    auto without_defaults = variant;
    without_defaults.settings = Json::object();
    TRY_ASSIGN(
        const auto bare,
        image::placed(variant, settings::Model::load(to_text(description_of(without_defaults)))));
    const auto judged = bare.judge(variant.settings);
    if (!judged.problems.empty()) {
        const auto& first = judged.problems.front();
        const auto more = judged.problems.size() - 1;
        return fail(Errc::invalid, "{}: {}{}", image::place_of_setting(variant, first.key),
                    settings::to_text(first), more == 0 ? "" : std::format(" (and {} more)", more));
    }
    return settings::Model::load(to_text(description_of(variant)));
}

namespace {

/// ninja in the folder of the programs.
std::vector<std::string> ninja(const image::Context& context)
{
    return {(context.checkout / "cmake/ninja").native(), "-C", context.programs.parent_path().native()};
}

/// Compiles the programs; ninja does nothing when they are up to date.
Result<void> compile_programs(image::Context& context, const image::Variant& variant)
{
    auto command = ninja(context);
    command.insert(command.end(), {"-n", "initrd", "BOOTX64"});
    command.insert(command.end(), variant.programs.begin(), variant.programs.end());
    for (const auto& [name, container] : variant.containers) {
        command.insert(command.end(), container.programs.begin(), container.programs.end());
    }
    TRY_ASSIGN(const auto plan, context.system.processes.run({.arguments = command}));
    if (plan.output.contains("no work to do")) {
        return {};
    }
    const image::Step step(context, "compile");
    std::ranges::replace(command, "-n", "--quiet");
    const auto compiled = image::run_tool(context, command).while_("compiling");
    if (compiled.has_value()) {
        return {};
    }
    constexpr std::string_view complaint = "unknown target '";
    const auto& text = compiled.error().message();
    if (const auto found = text.find(complaint); found != std::string::npos) {
        const auto name = text.substr(found + complaint.size());
        return image::placed<void>(variant, fail(Errc::not_found, "there is no program \"{}\"",
                                                 name.substr(0, name.find('\''))));
    }
    return Failure{compiled.error()};
}

/// Images take updates from repositories with this root. Made at first use, with keys of this
/// checkout, as for Secure Boot.
Result<void> make_update_root(io::System& system)
{
    auto folder = keys_folder(system, {});
    const publish::Layout repository(fs::path(checkout) / "out/repository");
    const auto now = std::chrono::floor<std::chrono::seconds>(system.clock.now());
    TRY_ASSIGN(const auto root,
               folder.prepare_update_root(repository, now + publish::ExpirationPolicy().root));
    if (root == publish::KeysFolder::UpdateRoot::waits) {
        std::fprintf(stderr, "  warning: the image can take no updates: the root of the repository "
                             "waits for signatures (repo sign; %s says so)\n",
                     folder.note_of_waiting_root().c_str());
    }
    return {};
}

} // namespace

Result<image::Built> build_image(io::System& system, const std::string& variant_name)
{
    TRY_ASSIGN(auto context, make_context(system));
    TRY_ASSIGN(const auto file, find_variant(system, variant_name));
    TRY_ASSIGN(const auto variant, image::load_variant(file));
    // A default that the model refuses would be found by the machine, which then has no API.
    TRY(load_model(variant));
    std::fprintf(stderr, "building %s\n", variant.name.c_str());
    TRY(compile_programs(context, variant));
    TRY(make_update_root(system).while_("the root of trust for updates"));
    TRY_ASSIGN(auto built, image::build_variant(context, variant));
    for (const auto& warning : built.warnings) {
        std::fprintf(stderr, "  warning: %s\n", warning.c_str());
    }
    return built;
}

namespace {

/// The programs that run on a workstation, into out/tools/. Needs no image.
Result<int> build_tools(io::System& system)
{
    TRY_ASSIGN(auto context, make_context(system));
    {
        const image::Step step(context, "compile");
        auto command = ninja(context);
        command.insert(command.end(), {"--quiet", "tuf-client"});
        TRY(image::run_tool(context, command).while_("compiling"));
    }
    TRY(bundle_program(system, context.programs / "tuf-client", context.output / "tools"));
    std::puts("out/tools/tuf-client");
    return 0;
}

} // namespace

Result<int> build_verb(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Builds an image variant into out/<variant>/.", "holdfast build");
    std::string variant = "metal-dev";
    bool refresh = false;
    bool tools = false;
    app.add_flag("--tools", tools, "build no image, but the workstation's programs: out/tools/");
    app.add_option("--variant", variant, "variant name, or path of a variant file")
        ->capture_default_str();
    app.add_flag("--refresh-packages", refresh, "fetch the Debian package index anew first");
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    if (tools) {
        return build_tools(system);
    }
    if (refresh) {
        TRY_ASSIGN(auto context, make_context(system));
        TRY(image::refresh_index(context));
    }
    TRY_ASSIGN(const auto built, build_image(system, variant));
    std::printf("out/%s/%s.img\n", built.folder.filename().c_str(), built.prefix.c_str());
    return 0;
}

Result<int> clean_verb(const CommandLine& arguments, io::System& system)
{
    CLI::App app("Removes what was built. Keys stay.", "holdfast clean");
    bool cache = false;
    app.add_flag("--cache", cache, "also the cached packages, trees and compiler results");
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    TRY_ASSIGN(const auto context, make_context(system));
    if (machine::is_machine_running(system)) {
        return fail(Errc::conflict, "a machine runs from out/; ./holdfast stop ends it");
    }
    std::vector<fs::path> doomed{context.checkout / "out", context.checkout / "build"};
    if (cache) {
        for (const auto* name : {"apt", "trees", "stage", "ccache"}) {
            doomed.push_back(context.cache / name);
        }
    }
    for (const auto& path : doomed) {
        std::error_code error;
        fs::remove_all(path, error);
        if (error) {
            return fail_errno(std::format("removing {}", path.native()), error.value());
        }
    }
    return 0;
}

} // namespace holdfast::tool
