#pragma once

#include "update/repository/content.hpp"

#include <array>
#include <map>

/// What machines of the field can have: what a new version must be able to follow.
namespace holdfast::publish {

/// One kind of payload, and where each structure has it.
struct Kind {
    const char* name;
    std::string update::Images::* image;
    Payload Build::* payload;
    std::uint64_t PartitionBytes::* partition;
};
constexpr std::array kinds{
    Kind{"boot", &update::Images::boot, &Build::boot, &PartitionBytes::boot},
    Kind{"root", &update::Images::root, &Build::root, &PartitionBytes::root},
    Kind{"hash", &update::Images::hash, &Build::hash, &PartitionBytes::hash},
};

/// Custom data of a payload: how large its partition is in an image of that version.
constexpr auto partition_bytes = "partition-bytes";

/// Custom data of ROOT: [{"version": "1.1.0", "name": "greeting", "sha256": "…"}].
constexpr auto migrations_key = "migrations";
Json to_json(const std::set<Migration>& migrations);
/// None where the object does not have them. Errors: `invalid`.
Result<std::set<Migration>> read_migrations(const Json& object);

/// What is known of the machines at one version.
struct Machines {
    PartitionBytes partitions{}; ///< Of those that were imaged with it.
    std::set<Migration> migrations{}; ///< That its builds carry.
};
/// Versions that machines can be at.
using Field = std::map<Version, Machines>;

/// The versions that were taken back and that machines may still have. They are custom data of
/// manifest.json: {"withdrawn": {"1.1.0": {"boot": 1, "root": 2, "hash": 3, "migrations": […]}}}, bytes.
/// Errors: `invalid` for custom data of another shape.
Result<Field> read_withdrawn(const Content& content);
/// None of them leaves no custom data.
void write_withdrawn(Content& content, const Field& withdrawn);

/// The machines at this offered version. Partitions are as large as can be where its payloads don't
/// tell. Errors: `invalid` for custom data of another shape.
Result<Machines> machines_of(const Content& content, const update::Images& images);

/// Each partition as in the smaller of both.
PartitionBytes smaller(PartitionBytes one, const PartitionBytes& other);
/// Machines at the version. It may have been offered, taken back and offered again with other
/// partitions: the smaller ones count, and all migrations.
void add_machines(Field& field, const Version& version, Machines machines);

/// The offered versions and the withdrawn ones. Errors as of `read_withdrawn`.
Result<Field> read_field(const Content& content);

} // namespace holdfast::publish
