#include "boot/testing/test_disk.hpp"

#include "boot/core/bytes.hpp"
#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"

#include <memory>

namespace holdfast::boot {

namespace {

/// Room for both copies of the table, and then some.
constexpr std::uint64_t blocks_beside_partitions = 256;
constexpr auto efi_type = guid_constant("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");

Guid numbered(std::uint8_t number)
{
    Guid guid;
    guid.bytes.fill(static_cast<std::byte>(number));
    return guid;
}

struct Extent {
    std::uint64_t first_block;
    std::uint64_t blocks;
};

void encode_entry(const TestPartition& partition, Extent extent, std::uint8_t number,
                  std::span<std::byte> entry)
{
    store_guid(entry, 0, partition.type);
    store_guid(entry, 16, numbered(number));
    store<std::uint64_t>(entry, 32, extent.first_block);
    store<std::uint64_t>(entry, 40, extent.first_block + extent.blocks - 1);
    store<std::uint64_t>(entry, 48, partition.attributes);
    for (std::size_t i = 0; i < partition.name.size(); ++i) {
        store<std::uint16_t>(entry, 56 + 2 * i, static_cast<std::uint16_t>(partition.name[i]));
    }
}

std::unique_ptr<PartitionTable> load_from(io::BlockDevice& device, TableState* state = nullptr)
{
    BlockDeviceDisk disk(device);
    auto table = std::make_unique<PartitionTable>();
    const auto loaded = load_table(disk, *table);
    check(loaded.has_value(), "a valid table can be found");
    if (state != nullptr) {
        *state = *loaded;
    }
    return table;
}

} // namespace

std::vector<TestPartition> holdfast_layout(SlotFlags a, SlotFlags b)
{
    return {{efi_type, 0, "EFI-SYSTEM"},
            {efi_type, 0, "EFI-BACKUP"},
            {boot_partition_type, with_slot_flags(0, a), "HOLDFAST-BOOT-A"},
            {root_partition_type, 0, "HOLDFAST-ROOT-A"},
            {hash_partition_type, 0, "HOLDFAST-HASH-A"},
            {boot_partition_type, with_slot_flags(0, b), "HOLDFAST-BOOT-B"},
            {root_partition_type, 0, "HOLDFAST-ROOT-B"},
            {hash_partition_type, 0, "HOLDFAST-HASH-B"},
            {private_partition_type, 0, "HOLDFAST-PRIVATE"}};
}

io::FakeDisk make_disk(const std::vector<TestPartition>& partitions, std::uint64_t seed,
                       std::uint32_t block_size, std::uint64_t partition_blocks,
                       std::uint32_t entry_count)
{
    const auto block_count = blocks_beside_partitions + partitions.size() * partition_blocks;
    io::FakeDisk device(block_count * block_size, block_size, seed);
    BlockDeviceDisk disk(device);
    TableHeader header{.own_block = 1,
                       .other_block = block_count - 1,
                       .disk_id = numbered(0xd1),
                       .entries_block = 2,
                       .entry_count = entry_count,
                       .entry_size = 128};
    const auto blocks = entry_blocks(header, block_size);
    header.first_usable_block = 2 + blocks;
    header.last_usable_block = header.other_block - blocks - 1;
    auto table = std::make_unique<PartitionTable>();
    const auto entries = table->adopt(header, block_size);
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        encode_entry(partitions[i],
                     {header.first_usable_block + i * partition_blocks, partition_blocks},
                     static_cast<std::uint8_t>(i + 1), entries.subspan(i * 128, 128));
    }
    check(write_table(disk, *table).has_value(), "a fresh fake disk takes a table");
    return device;
}

void damage(io::FakeDisk& disk, std::uint64_t block)
{
    auto content = disk.content();
    content[block * disk.sector_size() + 57] ^= std::byte{0x10};
    disk.set_content(std::move(content));
}

SlotFlags flags_on(io::BlockDevice& disk, std::uint32_t index)
{
    return slot_flags(attributes_on(disk, index));
}

std::uint64_t attributes_on(io::BlockDevice& disk, std::uint32_t index)
{
    return load_from(disk)->partition(index).attributes;
}

void change_attributes(io::BlockDevice& device, std::uint32_t index, std::uint64_t attributes)
{
    const auto table = load_from(device);
    table->set_attributes(index, attributes);
    BlockDeviceDisk disk(device);
    check(write_table(disk, *table).has_value(), "the table can be written");
}

bool is_healthy(io::BlockDevice& disk)
{
    TableState state;
    load_from(disk, &state);
    return !state.needs_repair();
}

} // namespace holdfast::boot
