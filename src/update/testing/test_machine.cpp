#include "update/testing/test_machine.hpp"

#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "update/blocks/block_map.hpp"

#include <cstring>

namespace holdfast::update {

namespace {

constexpr std::uint64_t partition_bytes = 40 * block_bytes;
constexpr std::uint32_t entry_count = 16;
constexpr std::uint32_t boot_a_index = boot::boot_a;
constexpr std::uint32_t root_a_number = boot_a_index + 2; // Numbers count from 1.
constexpr std::uint32_t root_b_number = root_a_number + 3;

bool begins_with(io::BlockDevice& device, std::span<const std::byte> bytes)
{
    std::vector<std::byte> found(blocks_for(bytes.size()) * block_bytes);
    // Not std::ranges::equal: the power-cut test compares gigabytes, without optimisation.
    return device.read(0, found).has_value() &&
           std::memcmp(found.data(), bytes.data(), bytes.size()) == 0;
}

void write_all(io::BlockDevice& device, std::vector<std::byte> bytes)
{
    bytes.resize(blocks_for(bytes.size()) * block_bytes);
    check(device.write(0, bytes).has_value() && device.flush().has_value(),
          "a fake disk can be written");
}

Result<Signpost> open_signpost(io::BlockDevice& disk, SlotName slot)
{
    return Signpost::open(disk, slot == SlotName::a ? root_a_number : root_b_number);
}

} // namespace

TestMachine::TestMachine(std::uint64_t seed, boot::SlotFlags a, boot::SlotFlags b,
                         std::uint32_t sector_size)
    : disk_(std::make_unique<io::FakeDisk>(
          boot::make_disk(boot::holdfast_layout(a, b), seed, sector_size,
                          partition_bytes / sector_size, entry_count)))
{
    boot::BlockDeviceDisk disk(*disk_);
    const auto table = std::make_unique<boot::PartitionTable>();
    check(boot::load_table(disk, *table).has_value(), "a test disk has a table");
    for (std::uint32_t index = boot_a_index; index < boot_a_index + 6; ++index) {
        const auto partition = table->partition(index);
        partitions_.push_back(std::make_unique<io::BlockRange>(
            *disk_, partition.first_block * sector_size,
            (partition.last_block - partition.first_block + 1) * sector_size));
    }
}

io::BlockRange& TestMachine::partition(SlotName slot, std::uint32_t which)
{
    return *partitions_[which + (slot == SlotName::a ? 0 : 3)];
}

SetDevices TestMachine::devices(SlotName slot)
{
    return {partition(slot, 0), partition(slot, 1), partition(slot, 2)};
}

Signpost TestMachine::signpost(SlotName slot)
{
    auto opened = open_signpost(*disk_, slot);
    check(opened.has_value(), "a test disk has a table");
    return *std::move(opened);
}

Machine TestMachine::for_update(const Signpost& signpost, SlotName slot)
{
    const auto change_flags = [this, slot](const auto& change) -> Result<void> {
        TRY_ASSIGN(auto flags, open_signpost(*disk_, slot)); // Power may be off.
        return change(flags);
    };
    return {signpost, change_flags, devices(slot),
            devices(slot == SlotName::a ? SlotName::b : SlotName::a)};
}

void TestMachine::install(SlotName slot, const TestRelease& release)
{
    const auto set = devices(slot);
    write_all(set.boot, release.boot);
    write_all(set.root, release.root);
    write_all(set.hash, release.hash);
}

void TestMachine::fill_with_garbage(SlotName slot)
{
    for (std::uint32_t which = 0; which < 3; ++which) {
        write_all(partition(slot, which),
                  std::vector<std::byte>(partition_bytes, static_cast<std::byte>(0xa0 + which)));
    }
}

bool TestMachine::holds(SlotName slot, const TestRelease& release)
{
    const auto set = devices(slot);
    return begins_with(set.boot, release.boot) && begins_with(set.root, release.root) &&
           begins_with(set.hash, release.hash);
}

} // namespace holdfast::update
