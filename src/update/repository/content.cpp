#include "update/repository/content.hpp"

#include "crypto/sha256.hpp"
#include "update/manifest/selection.hpp"
#include "update/repository/field.hpp"
#include "update/tuf/fields.hpp"

#include <algorithm>

namespace holdfast::publish {

namespace {

constexpr auto update_root_key = "update-root";

tuf::Target target_of(const Build& build, const Payload& payload)
{
    return {.name = payload.name,
            .length = payload.size,
            .hashes = {{"sha256", payload.sha256}},
            .custom = {{"variant", build.channel.variant},
                       {"arch", build.channel.arch},
                       {"version", build.version.str()}}};
}

Result<Payload> find_payload(const Json& manifest, const std::string& name)
{
    TRY_ASSIGN(const auto* files, tuf::get_array(manifest, "files"));
    for (const auto& file : *files) {
        Payload payload;
        TRY_ASSIGN(payload.name, tuf::get_string(file, "name"));
        if (payload.name == name) {
            TRY_ASSIGN(payload.size, tuf::get_number(file, "size", 1));
            TRY_ASSIGN(payload.sha256, tuf::get_string(file, "sha256"));
            return payload;
        }
    }
    return fail(Errc::not_found, "the build has no {}", name);
}

bool is_of(const update::Update& entry, const Channel& channel)
{
    return entry.variant == channel.variant && entry.arch == channel.arch;
}

Result<update::Update*> find_entry(Content& content, const Channel& channel,
                                   const Version& version)
{
    for (auto& entry : content.manifest.updates) {
        if (is_of(entry, channel) && entry.version == version) {
            return &entry;
        }
    }
    return fail(Errc::not_found, "{} does not offer {}", channel.str(), version.str());
}

Result<void> check_migrations(const Content& content, const Field& field, const Version& wanted)
{
    for (const auto& [version, machines] : field) {
        if (!update::migration_path(content.manifest.migrations, version, wanted).has_value()) {
            return fail(Errc::invalid,
                        "machines at {} could not convert their settings to {}: no chain of "
                        "migrations leads there",
                        version.str(), wanted.str());
        }
    }
    return {};
}

/// Machines that pass over a version never run its image: they must find its migrations in the one
/// that they go to. Those of the oldest version and before are for machines that are no more.
Result<void> check_carried(const Field& field, const Build& build)
{
    for (const auto& [version, machines] : field) {
        const auto& oldest = std::min(field.begin()->first, build.version);
        const bool comes_later = build.version < version;
        const auto& needed = comes_later ? build.migrations : machines.migrations;
        const auto& carried = comes_later ? machines.migrations : build.migrations;
        for (const auto& migration : needed) {
            if (migration.version > oldest && !carried.contains(migration)) {
                return fail(Errc::invalid,
                            "the build of {} carries the migration {} of {}; that of {} lacks it, or "
                            "has another one of that name, so machines could pass over it",
                            std::min(version, build.version).str(), migration.name,
                            migration.version.str(), std::max(version, build.version).str());
            }
        }
    }
    return {};
}

/// Lists the build's payload of this kind as a target, if it fits everywhere.
Result<void> add_payload(Content& content, const Build& build, const Kind& kind,
                         const PartitionBytes& smallest)
{
    const auto& payload = build.*kind.payload;
    if (payload.size > smallest.*kind.partition) {
        return fail(Errc::invalid, "{} has {} bytes, but machines have partitions of {}",
                    payload.name, payload.size, smallest.*kind.partition);
    }
    auto target = target_of(build, payload);
    target.custom[partition_bytes] = build.partitions.*kind.partition;
    content.targets.targets[payload.name] = std::move(target);
    return {};
}

bool has_payloads_of(const Content& content, const update::Update& entry, const Build& build)
{
    return std::ranges::all_of(kinds,
                               [&](const Kind& kind) {
                                   return entry.images.*kind.image == (build.*kind.payload).name;
                               }) &&
           std::ranges::all_of(build.payloads(), [&](const Payload& payload) {
               const auto target = content.targets.targets.find(payload.name);
               return target != content.targets.targets.end() &&
                      target->second.hashes == target_of(build, payload).hashes;
           });
}

/// Takes an offered version away, with its targets.
void erase_version(Content& content, const update::Update& entry)
{
    const auto images = entry.images;
    std::erase_if(content.manifest.updates,
                  [&](const auto& other) { return other.images.root == images.root; });
    for (const auto& name :
         {images.boot, images.root, images.hash, update::block_list_target(images)}) {
        content.targets.targets.erase(name);
    }
}

void set_max_version_of_all(Content& content, const Channel& channel,
                            const Version& version)
{
    for (auto& entry : content.manifest.updates) {
        if (is_of(entry, channel)) {
            entry.max_version = version;
        }
    }
}

/// How far machines may go once `added` is on offer: as far as before, or to it where that is newer.
/// What is no longer offered counts no more, so that machines at it come back.
Version max_version_with(const Content& content, const Channel& channel, const Version& added)
{
    auto allowed = added;
    auto newest = added;
    for (const auto& entry : content.manifest.updates) {
        if (is_of(entry, channel)) {
            allowed = std::max(allowed, entry.max_version);
            newest = std::max(newest, entry.version);
        }
    }
    return std::min(allowed, newest);
}

/// Raising max_version for a new version would offer again what machines were sent back from, and to all
/// that wait for their wave of the new one.
Result<void> check_nothing_comes_back(const Content& content, const Channel& channel,
                                      const Version& max_version)
{
    for (const auto& entry : content.manifest.updates) {
        if (is_of(entry, channel) && entry.version > entry.max_version &&
            entry.version < max_version) {
            return fail(Errc::invalid,
                        "{} is above the highest version that machines may take ({}), and adding {} "
                        "would offer it again; take it off the list first: repo remove --variant {} "
                        "--arch {} {}",
                        entry.version.str(), entry.max_version.str(), max_version.str(),
                        channel.variant, channel.arch, entry.version.str());
        }
    }
    return {};
}

/// What machines get when they are imaged with the build, and what it does to their settings.
Result<void> read_machines(const Json& manifest, Build& build)
{
    const auto told = tuf::get_object(manifest, "partitions");
    if (!told.has_value() || !manifest.contains(migrations_key) ||
        !manifest.contains(update_root_key)) {
        return fail(Errc::invalid, "the build does not tell its partitions, migrations and root of "
                                   "trust: it was made by an older checkout. Build it anew");
    }
    for (const auto& kind : kinds) {
        TRY_ASSIGN(build.partitions.*kind.partition, tuf::get_number(**told, kind.name, 1));
    }
    TRY_ASSIGN(build.migrations, read_migrations(manifest));
    if (!manifest[update_root_key].is_null()) {
        TRY_ASSIGN(build.update_root, tuf::get_string(manifest, update_root_key));
    }
    return {};
}

} // namespace

Result<Build> parse_build(std::string_view build_manifest)
{
    TRY_ASSIGN(const auto manifest, parse_json(build_manifest));
    TRY_ASSIGN(const auto name, tuf::get_string(manifest, "name"));
    TRY_ASSIGN(const auto variant, tuf::get_string(manifest, "variant"));
    TRY_ASSIGN(const auto arch, tuf::get_string(manifest, "architecture"));
    TRY_ASSIGN(const auto version_text, tuf::get_string(manifest, "version"));
    TRY_ASSIGN(auto version, Version::parse(version_text));
    if (!name.starts_with(std::format("holdfast-{}-{}-{}", variant, arch, version_text))) {
        return fail(Errc::invalid, "the build {} is not of variant {}, {}, version {}", name,
                    variant, arch, version_text);
    }
    TRY_ASSIGN(auto boot, find_payload(manifest, name + "-boot.efi"));
    TRY_ASSIGN(auto root, find_payload(manifest, name + "-root.erofs"));
    TRY_ASSIGN(auto hash, find_payload(manifest, name + "-hash.verity"));
    auto blocks = find_payload(manifest, name + "-blocks.list");
    if (!blocks.has_value() && blocks.error().code() != Errc::not_found) {
        return Failure{std::move(blocks).error()};
    }
    Build build{.channel = {.variant = variant, .arch = arch},
                .version = std::move(version),
                .boot = std::move(boot),
                .root = std::move(root),
                .hash = std::move(hash),
                .blocks = blocks.has_value() ? std::optional(*std::move(blocks)) : std::nullopt};
    TRY(read_machines(manifest, build).while_(name));
    return build;
}

Result<void> check_trust(const Build& build, const std::vector<std::string>& roots)
{
    if (!build.update_root) {
        return fail(Errc::invalid,
                    "the image {} carries no root of trust: its machines would take no further update",
                    build.root.name);
    }
    if (std::ranges::any_of(roots, [&](const auto& root) {
            return crypto::sha256(root).hex() == *build.update_root;
        })) {
        return {};
    }
    return fail(Errc::invalid,
                "the image {} carries a root of trust that is none of this repository's: its machines "
                "would take no further update from here",
                build.root.name);
}

std::vector<Payload> Build::payloads() const
{
    std::vector<Payload> all{boot, root, hash};
    if (blocks) {
        all.push_back(*blocks);
    }
    return all;
}

Result<void> add_build(Content& content, const Build& build, const AddOptions& options)
{
    if (find_entry(content, build.channel, build.version).has_value()) {
        return fail(Errc::invalid, "{} offers {} already", build.channel.str(),
                    build.version.str());
    }
    const auto max_version = max_version_with(content, build.channel, build.version);
    TRY(check_nothing_comes_back(content, build.channel, max_version));
    for (const auto& from : options.migrates_from) {
        // The edge goes up, as the manifest has it, and is walked both ways.
        content.manifest.migrations[std::minmax(from, build.version)];
    }
    TRY_ASSIGN(const auto field, read_field(content));
    TRY(check_migrations(content, field, build.version));
    TRY(check_carried(field, build));
    auto smallest = build.partitions;
    for (const auto& [version, machines] : field) {
        smallest = smaller(smallest, machines.partitions);
    }
    for (const auto& kind : kinds) {
        TRY(add_payload(content, build, kind, smallest));
    }
    content.targets.targets[build.root.name].custom[migrations_key] = to_json(build.migrations);
    if (build.blocks) {
        content.targets.targets[build.blocks->name] = target_of(build, *build.blocks);
    }
    content.manifest.updates.push_back(
        {.variant = build.channel.variant,
         .arch = build.channel.arch,
         .version = build.version,
         .max_version = build.version,
         .waves = options.waves,
         .images = {.boot = build.boot.name, .root = build.root.name, .hash = build.hash.name}});
    set_max_version_of_all(content, build.channel, max_version);
    return check_content(content, build.channel);
}

bool offers(const update::Manifest& manifest, const Channel& channel, const Version& version)
{
    return std::ranges::any_of(manifest.updates, [&](const auto& entry) {
        return is_of(entry, channel) && entry.version == version;
    });
}

Result<void> add_waiting_build(Content& content, const Build& build, const AddOptions& options)
{
    TRY_ASSIGN(const auto* entry, find_entry(content, build.channel, build.version));
    if (!has_payloads_of(content, *entry, build)) {
        return fail(Errc::conflict,
                    "{} of {} waits to be published already, with other payloads: repo sign goes on with "
                    "it, repo abandon --variant {} --arch {} gives up all that waits there",
                    build.version.str(), build.channel.str(), build.channel.variant,
                    build.channel.arch);
    }
    erase_version(content, *entry);
    return add_build(content, build, options);
}

Result<void> remove_version(Content& content, const Channel& channel,
                            const Version& version)
{
    TRY_ASSIGN(const auto* entry, find_entry(content, channel, version));
    TRY_ASSIGN(auto withdrawn, read_withdrawn(content));
    TRY_ASSIGN(auto machines, machines_of(content, entry->images));
    add_machines(withdrawn, version, std::move(machines));
    write_withdrawn(content, withdrawn);
    erase_version(content, *entry);
    return check_content(content, channel);
}

Result<void> retire_version(Content& content, const Channel& channel, const Version& version)
{
    TRY_ASSIGN(auto withdrawn, read_withdrawn(content));
    const bool was_withdrawn = withdrawn.erase(version) > 0;
    const auto entry = find_entry(content, channel, version);
    if (!was_withdrawn) {
        TRY(entry);
    }
    write_withdrawn(content, withdrawn);
    if (entry.has_value()) {
        erase_version(content, **entry);
    }
    return check_content(content, channel);
}

Result<void> set_waves(Content& content, const Channel& channel, const Version& version,
                       update::Waves waves)
{
    TRY_ASSIGN(auto* entry, find_entry(content, channel, version));
    entry->waves = std::move(waves);
    return check_content(content, channel);
}

Result<void> set_max_version(Content& content, const Channel& channel,
                             const Version& version)
{
    TRY(find_entry(content, channel, version));
    set_max_version_of_all(content, channel, version);
    return check_content(content, channel);
}

Result<std::string> store_manifest(Content& content)
{
    auto text = to_pretty_text(update::to_json(content.manifest)) + "\n";
    const std::string name(update::manifest_target);
    auto& target = content.targets.targets[name];
    target.name = name;
    target.length = text.size();
    target.hashes = {{"sha256", crypto::sha256(text).hex()}};
    return text;
}

const update::Update* find_late_waves(const update::Manifest& drafted,
                                      const update::Manifest& published, tuf::Time now)
{
    const auto is_late = [&](const update::Update& entry) {
        return entry.waves.size() > 1 && std::next(entry.waves.begin())->second <= now &&
               std::ranges::none_of(published.updates, [&](const update::Update& before) {
                   return before.version == entry.version && before.images == entry.images;
               });
    };
    const auto found = std::ranges::find_if(drafted.updates, is_late);
    return found == drafted.updates.end() ? nullptr : &*found;
}

Result<void> check_content(const Content& content, const Channel& channel)
{
    TRY(update::check_manifest(content.manifest));
    for (const auto& entry : content.manifest.updates) {
        if (!is_of(entry, channel)) {
            return fail(Errc::invalid, "the manifest of {} offers {}/{}", channel.str(),
                        entry.variant, entry.arch);
        }
        for (const auto& name : {entry.images.boot, entry.images.root, entry.images.hash}) {
            if (!content.targets.targets.contains(name)) {
                return fail(Errc::invalid, "version {} names {}, which is no target",
                            entry.version.str(), name);
            }
        }
    }
    return {};
}

} // namespace holdfast::publish
