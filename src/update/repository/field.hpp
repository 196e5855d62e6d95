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

/// Versions that machines can be at, with the partitions of the machines that were imaged with them.
using Field = std::map<Version, PartitionBytes>;

/// The versions that were taken back and that machines may still have. They are custom data of
/// manifest.json: {"withdrawn": {"1.1.0": {"boot": 1, "root": 2, "hash": 3}}}, bytes.
/// Errors: `invalid` for custom data of another shape.
Result<Field> read_withdrawn(const Content& content);
/// None of them leaves no custom data.
void write_withdrawn(Content& content, const Field& withdrawn);

/// The partitions that machines imaged with this offered version have; as large as can be where its
/// payloads don't tell.
PartitionBytes partitions_of(const Content& content, const update::Images& images);

/// Each partition as in the smaller of both.
PartitionBytes smaller(PartitionBytes one, const PartitionBytes& other);
/// Machines that were imaged with the version. It may have been offered, taken back and offered
/// again with other partitions: the smaller ones count.
void add_machines(Field& field, const Version& version, const PartitionBytes& partitions);

/// The offered versions and the withdrawn ones. Errors as of `read_withdrawn`.
Result<Field> read_field(const Content& content);

} // namespace holdfast::publish
