#include "update/agent/updog.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/utc_time.hpp"
#include "update/agent/identity.hpp"
#include "update/agent/options.hpp"
#include "update/agent/progress_file.hpp"
#include "update/manifest/selection.hpp"

#include <algorithm>
#include <map>

namespace holdfast::update {

namespace {

constexpr std::uint64_t largest_manifest = 2U << 20;
constexpr std::size_t largest_config = 64U << 10;

/// Everything that a command decides by.
struct Situation {
    UpdogConfig config = {};
    ImageIdentity running = {};
    Version version = *Version::parse("0.0.0");
    std::unique_ptr<UpdateSource> source = {};
    Manifest manifest = {};
    std::vector<Update> available = {};
};

std::string make_query(const std::map<std::string, std::string>& parameters)
{
    std::vector<std::string> parts;
    for (const auto& [name, value] : parameters) {
        parts.push_back(name + "=" + percent_encoded(value));
    }
    return join(parts, "&");
}

std::map<std::string, std::string> base_parameters(const Situation& situation)
{
    return {{"version", situation.running.version},
            {"seed", std::to_string(situation.config.seed)}};
}

Result<Situation> look_around(const UpdogOptions& options, const Updog& world)
{
    Situation situation;
    TRY_ASSIGN(const auto text, world.files.read(options.config, largest_config));
    TRY_ASSIGN(situation.config, parse_updog_config(text));
    TRY_ASSIGN(situation.running, read_identity(world.files));
    TRY_ASSIGN(situation.version,
               Version::parse(situation.running.version).while_("VERSION_ID of os-release"));
    TRY_ASSIGN(situation.source,
               world.open_source(situation.config, make_query(base_parameters(situation))));
    TRY_ASSIGN(const auto manifest,
               situation.source->read_target(std::string(manifest_target), largest_manifest));
    TRY_ASSIGN(situation.manifest,
               parse_manifest(manifest).while_("the repository's manifest.json"));
    const Viewpoint viewpoint{.variant = options.variant.empty() ? situation.running.variant
                                                                 : options.variant,
                              .arch = situation.running.arch,
                              .seed = situation.config.seed,
                              .ignore_waves = situation.config.ignore_waves || options.ignore_waves,
                              .now = std::chrono::floor<std::chrono::seconds>(world.clock.now())};
    situation.available = available_updates(situation.manifest, viewpoint);
    return situation;
}

Result<std::optional<Update>> choose(const UpdogOptions& options, const Situation& situation)
{
    if (options.image.empty()) {
        return choose_update(situation.available, situation.version, situation.config.version_lock);
    }
    TRY_ASSIGN(const auto wanted, Version::parse(options.image).while_("--image"));
    return find_update(situation.available, wanted);
}

Json to_json(const Update& update)
{
    return to_json(Manifest{.updates = {update}})["updates"][0];
}

std::string line(const Update& update)
{
    return update.variant + " " + update.version.str() + "\n";
}

Result<UpdogResult> show_all(const UpdogOptions& options, const Situation& situation)
{
    if (options.json) {
        return UpdogResult{
            .output = to_pretty_text(to_json(Manifest{.updates = situation.available})["updates"]) +
                      "\n"};
    }
    UpdogResult result;
    for (const auto& update : situation.available) {
        result.notes += line(update); // On standard error, as in the reference.
    }
    return result;
}

Result<UpdogResult> check_update(const UpdogOptions& options, const Updog& world)
{
    TRY_ASSIGN(const auto situation, look_around(options, world));
    if (options.all) {
        return show_all(options, situation);
    }
    TRY_ASSIGN(const auto chosen, choose(options, situation));
    if (!chosen) {
        return UpdogResult{.exit_status = 1, .notes = "No update available\n"};
    }
    return UpdogResult{.output =
                           options.json ? to_pretty_text(to_json(*chosen)) + "\n" : line(*chosen)};
}

/// Should the update fail to boot, the version that runs then can tell which one it was; and while
/// it runs, which one lies in the other set.
Result<void> note_staged(const Update& update, const ImageIdentity& running, const Updog& world)
{
    const StagedUpdate staged{
        .image = {.arch = update.arch, .version = update.version.str(), .variant = update.variant},
        .when = std::chrono::floor<std::chrono::seconds>(world.clock.now()),
        .before = running};
    return io::replace_file(world.files, staged_path, to_pretty_text(to_json(staged)) + "\n");
}

/// Fetches the chosen update into the inactive set.
Result<void> install(Situation& situation, const Update& update, const Updog& world)
{
    // An update that the settings cannot follow is refused. The migrations themselves are in the
    // new image; the server's log is told the names that the manifest has for them, as by the
    // reference: none, where `repo` wrote it.
    TRY_ASSIGN(auto migrations,
               migration_path(situation.manifest.migrations, situation.version, update.version));
    auto parameters = base_parameters(situation);
    migrations.emplace_back(manifest_target);
    parameters["target"] = update.version.str();
    parameters["migrations"] = join(migrations, ",");
    situation.source->set_query(make_query(parameters));

    ProgressFile progress(world.files, world.clock);
    TRY(situation.source->install(
        update.images, [&](const InstallProgress& now) { progress.report(now); }));
    // The set is whole. Without the note a fall-back cannot tell which version it left.
    if (const auto noted = note_staged(update, situation.running, world); !noted.has_value()) {
        log::warning("could not note which version was staged", {{"why", noted.error().message()}});
        return world.files.remove(staged_path); // One of another version would be worse than none.
    }
    return {};
}

Result<void> reboot(const Updog& world)
{
    TRY(io::run_checked(world.processes, {.arguments = {"/usr/bin/systemctl", "reboot"}})
            .while_("rebooting"));
    return {};
}

Result<void> choose_boot(Result<void> (BootChoice::*choice)(), const Updog& world)
{
    TRY_ASSIGN(const auto boot, world.open_boot_choice());
    return (*boot.*choice)();
}

Result<void> activate(const UpdogOptions& options, const Updog& world)
{
    TRY(choose_boot(&BootChoice::activate, world));
    if (options.reboot) {
        TRY(reboot(world));
    }
    return {};
}

enum class AfterFetching { nothing, boot_it };

Result<UpdogResult> update(const UpdogOptions& options, const Updog& world, AfterFetching then)
{
    TRY_ASSIGN(auto situation, look_around(options, world));
    TRY_ASSIGN(const auto chosen, choose(options, situation));
    if (!chosen && !options.image.empty()) {
        return fail(Errc::not_found, "the repository does not offer {} to this machine",
                    options.image);
    }
    if (!chosen) {
        return UpdogResult{.notes = "No update required\n"};
    }
    log::info("Starting update to " + chosen->version.str());
    TRY(install(situation, *chosen, world));
    if (then == AfterFetching::boot_it) {
        TRY(activate(options, world));
    }
    return UpdogResult{.output = options.json ? to_pretty_text(to_json(*chosen)) + "\n"
                                              : "Update applied: " + line(*chosen)};
}

} // namespace

Result<UpdogResult> run_updog(const std::vector<std::string>& arguments, const Updog& world)
{
    const auto parsed = parse_updog_options(arguments);
    if (const auto* help = std::get_if<Usage>(&parsed)) {
        return help->asked_for ? UpdogResult{.output = help->text}
                               : UpdogResult{.exit_status = 1, .notes = help->text};
    }
    const auto& options = std::get<UpdogOptions>(parsed);
    log::set_level(options.log_level);
    switch (options.command) {
    case UpdogCommand::check_update: return check_update(options, world);
    case UpdogCommand::prepare: TRY(look_around(options, world)); return UpdogResult{};
    case UpdogCommand::update: return update(options, world, AfterFetching::boot_it);
    case UpdogCommand::update_image: return update(options, world, AfterFetching::nothing);
    case UpdogCommand::update_apply: TRY(activate(options, world)); return UpdogResult{};
    case UpdogCommand::update_revert:
        TRY(choose_boot(&BootChoice::deactivate, world));
        return UpdogResult{};
    case UpdogCommand::update_rollback:
        TRY(choose_boot(&BootChoice::rollback, world));
        return UpdogResult{};
    }
    return fail(Errc::internal, "a command without a meaning");
}

} // namespace holdfast::update
