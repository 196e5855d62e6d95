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

void add_machines(Field& field, const Version& version, const PartitionBytes& partitions)
{
    const auto [at, is_new] = field.emplace(version, partitions);
    if (!is_new) {
        at->second = smaller(at->second, partitions);
    }
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
    for (const auto& [text, sizes] : versions->items()) {
        TRY_ASSIGN(auto version, Version::parse(text));
        PartitionBytes partitions;
        for (const auto& kind : kinds) {
            TRY_ASSIGN(partitions.*kind.partition, tuf::get_number(sizes, kind.name, 1));
        }
        withdrawn.emplace(std::move(version), partitions);
    }
    return withdrawn;
}

void write_withdrawn(Content& content, const Field& withdrawn)
{
    auto versions = Json::object();
    for (const auto& [version, partitions] : withdrawn) {
        for (const auto& kind : kinds) {
            versions[version.str()][kind.name] = partitions.*kind.partition;
        }
    }
    auto& custom = content.targets.targets[std::string(update::manifest_target)].custom;
    custom = versions.empty() ? Json() : Json{{withdrawn_key, std::move(versions)}};
}

PartitionBytes partitions_of(const Content& content, const update::Images& images)
{
    PartitionBytes partitions;
    for (const auto& kind : kinds) {
        const auto target = content.targets.targets.find(images.*kind.image);
        const auto told = target != content.targets.targets.end()
                              ? tuf::get_number(target->second.custom, partition_bytes, 1)
                              : fail(Errc::not_found, "no such target");
        partitions.*kind.partition = told.has_value() ? *told : unlimited;
    }
    return partitions;
}

Result<Field> read_field(const Content& content)
{
    TRY_ASSIGN(auto field, read_withdrawn(content));
    for (const auto& entry : content.manifest.updates) {
        add_machines(field, entry.version, partitions_of(content, entry.images));
    }
    return field;
}

} // namespace holdfast::publish
