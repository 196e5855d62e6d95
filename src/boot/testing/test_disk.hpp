#pragma once

#include "boot/core/slots.hpp"
#include "io/block_device.hpp"
#include "io/testing/fake_disk.hpp"

#include <string>
#include <vector>

namespace holdfast::boot {

struct TestPartition {
    Guid type;
    std::uint64_t attributes = 0;
    std::string name;
};

/// The first nine partitions of a Holdfast disk, with these flags on BOOT-A and BOOT-B.
std::vector<TestPartition> holdfast_layout(SlotFlags a, SlotFlags b);

/// Indexes in that layout.
inline constexpr std::uint32_t boot_a = 2;
inline constexpr std::uint32_t boot_b = 5;
inline constexpr std::uint32_t private_partition = 8;

/// A disk with both copies of a table that has these partitions, of so many blocks each; of 400
/// blocks when each has 16. A table with room for fewer entries is quicker to check.
io::FakeDisk make_disk(const std::vector<TestPartition>& partitions, std::uint64_t seed = 0,
                       std::uint32_t block_size = 512, std::uint64_t partition_blocks = 16,
                       std::uint32_t entry_count = 128);

/// Changes a byte in the middle of this block, past the write cache.
void damage(io::FakeDisk& disk, std::uint64_t block);

/// Flags of the entry, read from the disk as the boot manager would. Fails the test where there is
/// no valid table.
SlotFlags flags_on(io::BlockDevice& disk, std::uint32_t index);
std::uint64_t attributes_on(io::BlockDevice& disk, std::uint32_t index);
/// Changes the attributes of an entry in both copies.
void change_attributes(io::BlockDevice& disk, std::uint32_t index, std::uint64_t attributes);
/// Whether both copies are valid and equal.
bool is_healthy(io::BlockDevice& disk);

} // namespace holdfast::boot
