#pragma once

#include "boot/core/partition_table.hpp"
#include "boot/initrd/fault.hpp"

#include <array>
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
    boot::Guid type;          ///< The same.
};

/// Reads the uevent of a partition, and `folder`, where that lies ("/sys/block/vda/vda3"). Nothing
/// for what is no partition.
///
/// The kernel tells neither the GUID nor the label of a partition that was added while it ran, so
/// both come from the table itself.
std::optional<Partition> parse_uevent(std::string_view uevent, std::string_view folder);

/// Fills in name, GUID and type of the partitions on `disk`. A label that is not ASCII becomes
/// empty: none of ours is.
void apply_table(std::span<Partition> partitions, std::string_view disk,
                 const boot::PartitionTable& table);

/// The partitions, on all disks, that any decision below is about: those with labels of ours, and
/// each that a boot manager may have been read from. However many disks a machine has, the others
/// are not counted.
class Partitions {
public:
    std::span<const Partition> found() const { return {kept_.data(), count_}; }
    void clear() { count_ = 0; }
    /// Adds what matters of one disk's, after `apply_table`. A fault where there is no room for it:
    /// what is left out could be the second candidate.
    Result<void> add(std::span<const Partition> partitions);

private:
    std::array<Partition, 256> kept_{};
    std::size_t count_ = 0;
};

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
};

/// The GUID of the data partition that PRIVATE keeps, from the file's text; empty where it is none.
FixedText<36> data_uuid_from_file(std::string_view text);

/// Data partitions on all disks: labelled HOLDFAST-DATA, and of that type, by which systemd-repart
/// would find it.
std::size_t count_data_partitions(std::span<const Partition> partitions);

/// The one of them that is this machine's: with the GUID `known`, which it used before, and no
/// other. Where none is known, the one on `disk`, else the one with the smallest GUID. Disks may
/// change names from boot to boot, so names decide only between equal GUIDs.
std::optional<Partition> choose_data_partition(std::span<const Partition> partitions,
                                               std::string_view disk, std::string_view known);

/// "/dev/vdb": the disk on which systemd-repart may make the data partition, or grow it. While the
/// known one is missing, the path of what is missing, so that repart fails and makes no empty one.
FixedText<64> data_disk(const std::optional<Partition>& data, std::string_view system_disk,
                        std::string_view known);

/// Finds the set: on the disk that holds the boot manager's ESP, or, where no boot manager spoke, on
/// the only disk with such partitions. Nothing when it is not there (yet). A fault when two disks
/// claim the name and nobody can say which is meant.
Result<std::optional<BootDisk>> choose_boot_disk(std::span<const Partition> partitions,
                                                 const LoaderChoice& loader,
                                                 std::optional<char> wanted_set);

} // namespace holdfast::initrd
