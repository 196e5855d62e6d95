#include "update/repository/field.hpp"

#include "update/tuf/fields.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::publish {

namespace {

constexpr auto withdrawn_key = "withdrawn";
constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

} // namespace

PartitionBytes smaller(PartitionBytes one, const PartitionBytes& other)
{
    for (const auto& kind : kinds) {
        one.*kind.partition = std::min(one.*kind.partition, other.*kind.partition);
    }
    return one;
}

Json to_json(const std::set<Migration>& migrations)
{
    auto list = Json::array();
    for (const auto& migration : migrations) {
        list.push_back({{"version", migration.version.str()},
                        {"name", migration.name},
                        {"sha256", migration.sha256}});
    }
    return list;
}

Result<std::set<Migration>> read_migrations(const Json& object)
{
    std::set<Migration> migrations;
    if (!object.contains(migrations_key)) {
        return migrations;
    }
    TRY_ASSIGN(const auto* list, tuf::get_array(object, migrations_key));
    for (const auto& item : *list) {
        TRY_ASSIGN(const auto text, tuf::get_string(item, "version"));
        TRY_ASSIGN(auto version, Version::parse(text).while_("migrations"));
        Migration migration{.version = std::move(version)};
        TRY_ASSIGN(migration.name, tuf::get_string(item, "name"));
        TRY_ASSIGN(migration.sha256, tuf::get_string(item, "sha256"));
        migrations.insert(std::move(migration));
    }
    return migrations;
}

void add_machines(Field& field, const Version& version, Machines machines)
{
    auto& known = field.try_emplace(version, machines).first->second;
    known.partitions = smaller(known.partitions, machines.partitions);
    known.migrations.merge(machines.migrations);
}

Result<Field> read_withdrawn(const Content& content)
{
    Field withdrawn;
    const auto manifest = content.targets.targets.find(update::manifest_target);
    if (manifest == content.targets.targets.end() ||
        !manifest->second.custom.contains(withdrawn_key)) {
        return withdrawn;
    }
    TRY_ASSIGN(const auto* versions, tuf::get_object(manifest->second.custom, withdrawn_key));
    for (const auto& [text, told] : versions->items()) {
        TRY_ASSIGN(auto version, Version::parse(text));
        Machines machines;
        for (const auto& kind : kinds) {
            TRY_ASSIGN(machines.partitions.*kind.partition, tuf::get_number(told, kind.name, 1));
        }
        TRY_ASSIGN(machines.migrations, read_migrations(told));
        withdrawn.emplace(std::move(version), std::move(machines));
    }
    return withdrawn;
}

void write_withdrawn(Content& content, const Field& withdrawn)
{
    auto versions = Json::object();
    for (const auto& [version, machines] : withdrawn) {
        auto& told = versions[version.str()];
        for (const auto& kind : kinds) {
            told[kind.name] = machines.partitions.*kind.partition;
        }
        told[migrations_key] = to_json(machines.migrations);
    }
    auto& custom = content.targets.targets[std::string(update::manifest_target)].custom;
    custom = versions.empty() ? Json() : Json{{withdrawn_key, std::move(versions)}};
}

Result<Machines> machines_of(const Content& content, const update::Images& images)
{
    Machines machines;
    for (const auto& kind : kinds) {
        const auto target = content.targets.targets.find(images.*kind.image);
        const auto told = target != content.targets.targets.end()
                              ? tuf::get_number(target->second.custom, partition_bytes, 1)
                              : fail(Errc::not_found, "no such target");
        machines.partitions.*kind.partition = told.has_value() ? *told : unlimited;
    }
    const auto root = content.targets.targets.find(images.root);
    if (root != content.targets.targets.end()) {
        TRY_ASSIGN(machines.migrations,
                   read_migrations(root->second.custom).while_(images.root));
    }
    return machines;
}

Result<Field> read_field(const Content& content)
{
    TRY_ASSIGN(auto field, read_withdrawn(content));
    for (const auto& entry : content.manifest.updates) {
        TRY_ASSIGN(auto machines, machines_of(content, entry.images));
        add_machines(field, entry.version, std::move(machines));
    }
    return field;
}

} // namespace holdfast::publish
