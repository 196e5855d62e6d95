#include "boot/core/table_io.hpp"

#include "boot/core/crc32.hpp"

#include <algorithm>

namespace holdfast::boot {

namespace {

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

/// The backup of a primary that is damaged. Where only the entries are, the header says where: on a
/// disk that grew that is not the last block, and what lies there may be of another table.
Outcome<TableHeader> find_backup(Disk& disk)
{
    const auto last_block = disk.block_count() - 1;
    const auto primary = read_header(disk, primary_block);
    if (primary.has_value() && primary->other_block < last_block) {
        const auto named = read_copy(disk, primary->other_block);
        if (named.has_value()) {
            return named;
        }
    }
    return read_copy(disk, last_block);
}

Outcome<void> take(Disk& disk, PartitionTable& table, const TableHeader& header)
{
    TRY(disk.read(header.entries_block, table.adopt(header, disk.block_size())));
    if (crc32(table.entries()) != header.entries_checksum) {
        return fail(Fault::bad_entries_checksum);
    }
    return {};
}

bool is_out_of_reach(const Disk& disk, const PartitionTable& table)
{
    return table.backup_block() >= disk.block_count();
}

/// The disk grew, and the backup does not lie in its last block.
bool is_misplaced(const Disk& disk, const PartitionTable& table)
{
    return table.backup_block() < disk.block_count() - 1;
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
    if (*found != table.header(Copy::backup)) {
        return {.health = Health::different};
    }
    return {.health = is_misplaced(disk, table) ? Health::misplaced : Health::good};
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

/// Writes a copy, which is the good one from then on, should the next write fail half-way.
Outcome<void> write_next(Disk& disk, PartitionTable& table, Copy copy)
{
    TRY(write_copy(disk, table, copy));
    table.set_source_block(table.header(copy).own_block);
    return {};
}

/// On a disk that grew, has the table's backup in the last block. Nothing is written there yet.
Outcome<void> follow_growth(Disk& disk, PartitionTable& table)
{
    if (!is_misplaced(disk, table)) {
        return {};
    }
    const auto old_place = table.backup_block();
    const auto blocks = old_place - table.header(Copy::backup).entries_block;
    const auto last_block = disk.block_count() - 1;
    // So close to the old backup that it overwrites it, which then must not be all there is.
    if (table.source_block() == old_place && last_block - blocks <= old_place) {
        TRY(write_next(disk, table, Copy::primary));
    }
    table.move_backup(last_block);
    return {};
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
        TRY(take(disk, table, *primary));
        return TableState{.primary = {}, .backup = inspect_backup(disk, table)};
    }
    const auto backup = find_backup(disk);
    if (!backup.has_value()) {
        return fail(primary.error());
    }
    TRY(take(disk, table, *backup));
    return TableState{
        .primary = {.health = CopyState::Health::damaged, .fault = primary.error()}, .backup = {}};
}

Outcome<void> repair_table(Disk& disk, PartitionTable& table, const TableState& state)
{
    if (!state.needs_repair()) {
        return {};
    }
    if (is_misplaced(disk, table)) {
        return write_table(disk, table); // The primary says where the backup lies.
    }
    return write_next(disk, table,
                      table.source_block() == primary_block ? Copy::backup : Copy::primary);
}

Outcome<void> write_table(Disk& disk, PartitionTable& table)
{
    TRY(follow_growth(disk, table));
    const bool backup_is_good = table.source_block() == table.backup_block();
    TRY(write_next(disk, table, backup_is_good ? Copy::primary : Copy::backup));
    return write_next(disk, table, backup_is_good ? Copy::backup : Copy::primary);
}

} // namespace holdfast::boot
