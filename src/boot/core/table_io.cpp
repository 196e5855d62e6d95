#include "boot/core/table_io.hpp"

#include "boot/core/crc32.hpp"

#include <algorithm>

namespace holdfast::boot {

namespace {

constexpr std::uint64_t primary_block = 1;

/// A block of any supported size.
class BlockBuffer {
public:
    explicit BlockBuffer(const Disk& disk) : size_(disk.block_size()) {}
    std::span<std::byte> bytes() { return std::span(storage_).first(size_); }

private:
    std::uint32_t size_;
    std::array<std::byte, max_block_size> storage_;
};

bool is_supported(std::uint32_t block_size)
{
    return block_size >= min_block_size && block_size <= max_block_size &&
           (block_size & (block_size - 1)) == 0;
}

Outcome<TableHeader> read_header(Disk& disk, std::uint64_t block)
{
    BlockBuffer buffer(disk);
    TRY(disk.read(block, buffer.bytes()));
    return decode_header(buffer.bytes(), block);
}

/// Checks the entries where they lie, one block at a time, as there is no second room for them.
Outcome<void> check_entries(Disk& disk, const TableHeader& header)
{
    BlockBuffer buffer(disk);
    auto left = std::size_t{header.entry_count} * header.entry_size;
    std::uint32_t sum = 0;
    for (auto block = header.entries_block; left > 0; ++block) {
        TRY(disk.read(block, buffer.bytes()));
        const auto used = std::min(left, buffer.bytes().size());
        sum = crc32(buffer.bytes().first(used), sum);
        left -= used;
    }
    if (sum != header.entries_checksum) {
        return fail(Fault::bad_entries_checksum);
    }
    return {};
}

Outcome<TableHeader> read_copy(Disk& disk, std::uint64_t block)
{
    TRY_ASSIGN(const auto header, read_header(disk, block));
    TRY(check_entries(disk, header));
    return header;
}

Outcome<void> take(Disk& disk, PartitionTable& table, const TableHeader& header, Copy source)
{
    TRY(disk.read(header.entries_block, table.adopt(header, source, disk.block_size())));
    if (crc32(table.entries()) != header.entries_checksum) {
        return fail(Fault::bad_entries_checksum);
    }
    return {};
}

bool is_out_of_reach(const Disk& disk, const PartitionTable& table)
{
    return table.backup_block() >= disk.block_count();
}

CopyState inspect_backup(Disk& disk, const PartitionTable& table)
{
    using Health = CopyState::Health;
    if (is_out_of_reach(disk, table)) {
        return {.health = Health::out_of_reach};
    }
    const auto found = read_copy(disk, table.backup_block());
    if (!found.has_value()) {
        return {.health = Health::damaged, .fault = found.error()};
    }
    return {.health = *found == table.header(Copy::backup) ? Health::good : Health::different};
}

/// Entries before header: should the device keep the order, the old header covers the old entries
/// for as long as possible. Correctness does not rest on it, the checksums do.
Outcome<void> write_copy(Disk& disk, const PartitionTable& table, Copy copy)
{
    if (copy == Copy::backup && is_out_of_reach(disk, table)) {
        return {};
    }
    const auto header = table.header(copy);
    BlockBuffer buffer(disk);
    encode_header(header, buffer.bytes());
    TRY(disk.write(header.entries_block, table.entries_on_disk()));
    TRY(disk.write(header.own_block, buffer.bytes()));
    return disk.flush();
}

} // namespace

bool TableState::needs_repair() const
{
    const auto is_fine = [](const CopyState& copy) {
        return copy.health == CopyState::Health::good ||
               copy.health == CopyState::Health::out_of_reach;
    };
    return !is_fine(primary) || !is_fine(backup);
}

Outcome<TableState> load_table(Disk& disk, PartitionTable& table)
{
    if (!is_supported(disk.block_size()) || disk.block_count() <= primary_block) {
        return fail(Fault::unsupported_blocks);
    }
    const auto primary = read_copy(disk, primary_block);
    if (primary.has_value()) {
        TRY(take(disk, table, *primary, Copy::primary));
        return TableState{.primary = {}, .backup = inspect_backup(disk, table)};
    }
    const auto last_block = disk.block_count() - 1;
    const auto backup = read_copy(disk, last_block);
    if (!backup.has_value()) {
        return fail(primary.error());
    }
    TRY(take(disk, table, *backup, Copy::backup));
    return TableState{
        .primary = {.health = CopyState::Health::damaged, .fault = primary.error()}, .backup = {}};
}

Outcome<void> repair_table(Disk& disk, PartitionTable& table, const TableState& state)
{
    if (!state.needs_repair()) {
        return {};
    }
    const auto other = table.source() == Copy::primary ? Copy::backup : Copy::primary;
    TRY(write_copy(disk, table, other));
    table.set_source(Copy::primary);
    return {};
}

Outcome<void> write_table(Disk& disk, PartitionTable& table)
{
    const auto second = table.source();
    const auto first = second == Copy::primary ? Copy::backup : Copy::primary;
    TRY(write_copy(disk, table, first));
    // Should the second write fail half-way, the first copy is the good one for whoever tries again.
    table.set_source(first);
    TRY(write_copy(disk, table, second));
    table.set_source(Copy::primary);
    return {};
}

} // namespace holdfast::boot
