#include "machine/partitions.hpp"

#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"

#include <algorithm>
#include <memory>

namespace holdfast::machine {

namespace {

constexpr std::size_t copy_step = 4U << 20;

/// Labels of ours are ASCII; others show a question mark for what is not.
std::string label_text(const boot::Partition& partition)
{
    std::string text;
    for (const char16_t unit : partition.name) {
        if (unit == 0) {
            break;
        }
        text += unit < 0x80 ? static_cast<char>(unit) : '?';
    }
    return text;
}

Result<std::unique_ptr<boot::PartitionTable>> load(io::BlockDevice& disk)
{
    boot::BlockDeviceDisk adapter(disk);
    auto table = std::make_unique<boot::PartitionTable>();
    if (const auto loaded = boot::load_table(adapter, *table); !loaded) {
        return fail(Errc::corrupt, "the partition table: {}", boot::text(loaded.error()));
    }
    return table;
}

Result<DiskPartition> find_range(io::BlockDevice& disk, std::string_view label,
                                 std::uint64_t offset, std::uint64_t length)
{
    TRY_ASSIGN(auto partition, find_partition(disk, label));
    if (offset > partition.size || length > partition.size - offset) {
        return fail(Errc::invalid, "bytes {} to {} lie outside of {}", offset, offset + length,
                    label);
    }
    return partition;
}

/// The whole sectors around a range of the disk.
struct Sectors {
    Sectors(const io::BlockDevice& disk, std::uint64_t first, std::size_t length)
        : start(first / disk.sector_size() * disk.sector_size()),
          skip(static_cast<std::size_t>(first - start)),
          bytes((skip + length + disk.sector_size() - 1) / disk.sector_size() * disk.sector_size())
    {
    }

    std::uint64_t start;
    std::size_t skip;
    std::vector<std::byte> bytes;
};

} // namespace

Result<std::vector<DiskPartition>> read_partitions(io::BlockDevice& disk)
{
    TRY_ASSIGN(const auto table, load(disk));
    std::vector<DiskPartition> found;
    for (std::uint32_t index = 0; index < table->entry_count(); ++index) {
        const auto partition = table->partition(index);
        if (partition.type == boot::Guid{}) {
            continue;
        }
        found.push_back({.index = index,
                         .label = label_text(partition),
                         .first_byte = partition.first_block * disk.sector_size(),
                         .size = (partition.last_block - partition.first_block + 1) *
                                 disk.sector_size(),
                         .attributes = partition.attributes});
    }
    return found;
}

Result<DiskPartition> find_partition(io::BlockDevice& disk, std::string_view label)
{
    TRY_ASSIGN(const auto partitions, read_partitions(disk));
    const auto found = std::ranges::find(partitions, label, &DiskPartition::label);
    if (found == partitions.end()) {
        return fail(Errc::not_found, "the disk has no partition {}", label);
    }
    return *found;
}

Result<std::vector<std::byte>> read_bytes(io::BlockDevice& disk, std::string_view label,
                                          std::uint64_t offset, std::size_t length)
{
    TRY_ASSIGN(const auto partition, find_range(disk, label, offset, length));
    Sectors sectors(disk, partition.first_byte + offset, length);
    TRY(disk.read(sectors.start, sectors.bytes));
    const auto begin = sectors.bytes.begin() + static_cast<std::ptrdiff_t>(sectors.skip);
    return std::vector<std::byte>(begin, begin + static_cast<std::ptrdiff_t>(length));
}

Result<void> write_bytes(io::BlockDevice& disk, std::string_view label, std::uint64_t offset,
                         std::span<const std::byte> bytes)
{
    TRY_ASSIGN(const auto partition, find_range(disk, label, offset, bytes.size()));
    Sectors sectors(disk, partition.first_byte + offset, bytes.size());
    TRY(disk.read(sectors.start, sectors.bytes));
    std::ranges::copy(bytes, sectors.bytes.begin() + static_cast<std::ptrdiff_t>(sectors.skip));
    TRY(disk.write(sectors.start, sectors.bytes));
    return disk.flush();
}

Result<void> copy_partition(io::BlockDevice& disk, std::string_view from, std::string_view to)
{
    TRY_ASSIGN(const auto source, find_partition(disk, from));
    TRY_ASSIGN(const auto target, find_range(disk, to, 0, source.size));
    for (std::uint64_t done = 0; done < source.size; done += copy_step) {
        std::vector<std::byte> bytes(
            static_cast<std::size_t>(std::min<std::uint64_t>(copy_step, source.size - done)));
        TRY(disk.read(source.first_byte + done, bytes));
        std::vector<std::byte> before(bytes.size());
        TRY(disk.read(target.first_byte + done, before));
        // Most of a partition is empty; an image file keeps its holes where nothing changes.
        if (before != bytes) {
            TRY(disk.write(target.first_byte + done, bytes));
        }
    }
    return disk.flush();
}

Result<void> set_slot_flags(io::BlockDevice& disk, std::string_view label, boot::SlotFlags flags)
{
    TRY_ASSIGN(const auto partition, find_partition(disk, label));
    TRY_ASSIGN(const auto table, load(disk));
    table->set_attributes(partition.index,
                          boot::with_slot_flags(partition.attributes, flags));
    boot::BlockDeviceDisk adapter(disk);
    if (const auto written = boot::write_table(adapter, *table); !written) {
        return adapter.explain(written.error());
    }
    return {};
}

} // namespace holdfast::machine
