#pragma once

#include "boot/core/partition_table.hpp"
#include "boot/initrd/fault.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace holdfast::initrd {

/// A partition that the kernel has a device for, and what the disk's table says about it.
struct Partition {
    FixedText<32> device;     ///< "vda3"; its node is below /dev.
    FixedText<32> disk;       ///< "vda"
    std::uint64_t number = 0; ///< 3
    FixedText<36> name;       ///< The GPT label; empty until `apply_table`.
    FixedText<36> uuid;       ///< The partition's own GUID in lower case; the same.
};

/// Reads /sys/class/block/X/uevent of a partition, and `link`, what /sys/class/block/X points to
/// ("../../devices/…/block/vda/vda3"). Nothing for what is no partition.
///
/// The kernel tells neither the GUID nor the label of a partition that was added while it ran, so
/// both come from the table itself.
std::optional<Partition> parse_uevent(std::string_view uevent, std::string_view link);

/// Fills in name and GUID of the partitions on `disk`. A label that is not ASCII becomes empty: none
/// of ours is.
void apply_table(std::span<Partition> partitions, std::string_view disk,
                 const boot::PartitionTable& table);

/// What the boot manager told through the firmware's variables.
struct LoaderChoice {
    std::optional<FixedText<64>> esp_uuid; ///< LoaderDevicePartUUID
    std::optional<char> set;               ///< From LoaderEntrySelected.
};

/// Where this boot lives.
struct BootDisk {
    char set = 'a';
    Partition root;
    Partition hash;
    std::optional<Partition> private_partition;
    std::optional<Partition> data_partition; ///< Not there before the first boot.
};

/// The partition HOLDFAST-DATA on `disk`, else, for the plan with a second disk, the only one
/// anywhere. Nothing where there is none, or several to choose from.
std::optional<Partition> choose_data_partition(std::span<const Partition> partitions,
                                               std::string_view disk);

/// Finds the set: on the disk that holds the boot manager's ESP, or, where no boot manager spoke, on
/// the only disk with such partitions. Nothing when it is not there (yet). A fault when two disks
/// claim the name and nobody can say which is meant.
Result<std::optional<BootDisk>> choose_boot_disk(std::span<const Partition> partitions,
                                                 const LoaderChoice& loader,
                                                 std::optional<char> wanted_set);

} // namespace holdfast::initrd
