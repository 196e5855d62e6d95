#pragma once

#include "io/files.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace holdfast::update {

/// The disk that the running system's root file system comes from, as /sys describes it.
struct SystemDisk {
    std::string name = {};            ///< "nvme0n1".
    std::uint32_t root_partition = 0; ///< Number of the partition below the verity device.
    std::map<std::uint32_t, std::string> partitions = {}; ///< Device names by partition number.

    std::string device() const { return "/dev/" + name; }
    /// "/dev/nvme0n1p4"; "unknown" for a partition that the kernel does not know.
    std::string partition_device(std::uint32_t number) const;
};

/// Follows / to its device-mapper device, to the first device below that, to its disk. Reads
/// /proc/self/mountinfo and /sys only. Errors: `not_found` when / is not on a verity device over a
/// partition; `io`, `denied`.
Result<SystemDisk> find_system_disk(io::Files& files);

} // namespace holdfast::update
