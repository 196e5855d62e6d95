#pragma once

#include "boot/core/slots.hpp"
#include "io/block_device.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::machine {

/// A partition of a machine that is switched off, found by its label.
struct DiskPartition {
    std::uint32_t index = 0; ///< In the table; Linux counts from one more.
    std::string label;
    std::uint64_t first_byte = 0;
    std::uint64_t size = 0;
    std::uint64_t attributes = 0;

    boot::SlotFlags flags() const { return boot::slot_flags(attributes); }
};

/// All partitions in the order of the table. Errors: `corrupt` when neither copy of it is valid.
Result<std::vector<DiskPartition>> read_partitions(io::BlockDevice& disk);

/// Errors: `not_found`.
Result<DiskPartition> find_partition(io::BlockDevice& disk, std::string_view label);

/// Any bytes inside a partition, at any offset. Errors: `invalid` outside of it.
Result<std::vector<std::byte>> read_bytes(io::BlockDevice& disk, std::string_view label,
                                          std::uint64_t offset, std::size_t length);
Result<void> write_bytes(io::BlockDevice& disk, std::string_view label, std::uint64_t offset,
                         std::span<const std::byte> bytes);

/// All of one partition into another of at least its size.
Result<void> copy_partition(io::BlockDevice& disk, std::string_view from, std::string_view to);

/// Sets priority, tries and success of a BOOT partition in both copies of the table.
Result<void> set_slot_flags(io::BlockDevice& disk, std::string_view label, boot::SlotFlags flags);

} // namespace holdfast::machine
