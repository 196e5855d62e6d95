#include "boot/core/partition_table.hpp"

#include "boot/core/bytes.hpp"
#include "boot/core/crc32.hpp"

#include <algorithm>

namespace holdfast::boot {

namespace {

constexpr std::uint64_t signature = 0x5452415020494645; // "EFI PART"
constexpr std::uint32_t revision = 0x00010000;
constexpr std::uint32_t header_bytes = 92;
constexpr std::uint32_t smallest_entry = 128;
constexpr std::size_t checksum_offset = 16;

// Offsets in an entry (UEFI 2.10 §5.3.3).
constexpr std::size_t attributes_offset = 48;
constexpr std::size_t name_offset = 56;

std::uint32_t header_checksum(std::span<const std::byte> header)
{
    // The checksum counts as zero while it is calculated.
    constexpr std::array<std::byte, 4> zeros{};
    const auto sum = crc32(zeros, crc32(header.first(checksum_offset)));
    return crc32(header.subspan(checksum_offset + zeros.size()), sum);
}

Outcome<void> check_entries_shape(const TableHeader& header)
{
    const bool power_of_two = (header.entry_size & (header.entry_size - 1)) == 0;
    if (header.entry_size < smallest_entry || !power_of_two || header.entry_count == 0) {
        return fail(Fault::bad_header);
    }
    if (std::uint64_t{header.entry_count} * header.entry_size > max_entries_bytes) {
        return fail(Fault::too_large);
    }
    return {};
}

/// Header, entries, usable blocks, entries, header: in this order and without overlap. Written with
/// subtractions from a number known to be larger, so that no sum can overflow.
bool is_in_order(const TableHeader& header, std::uint64_t blocks, Copy copy)
{
    const bool primary = copy == Copy::primary;
    const auto backup_block = primary ? header.other_block : header.own_block;
    if (backup_block <= blocks || header.last_usable_block >= backup_block - blocks ||
        header.first_usable_block > header.last_usable_block ||
        header.first_usable_block < 2 + blocks) {
        return false;
    }
    if (primary) {
        return header.entries_block >= 2 &&
               header.entries_block <= header.first_usable_block - blocks;
    }
    return header.other_block == primary_block && header.entries_block > header.last_usable_block &&
           header.entries_block <= backup_block - blocks;
}

} // namespace

std::uint64_t entry_blocks(const TableHeader& header, std::uint32_t block_size)
{
    const auto bytes = std::uint64_t{header.entry_count} * header.entry_size;
    return (bytes + block_size - 1) / block_size;
}

Outcome<TableHeader> decode_header(std::span<const std::byte> block, std::uint64_t found_in)
{
    if (block.size() < min_block_size || load<std::uint64_t>(block, 0) != signature) {
        return fail(Fault::no_table);
    }
    const auto size = load<std::uint32_t>(block, 12);
    if (load<std::uint32_t>(block, 8) != revision || size < header_bytes || size > block.size()) {
        return fail(Fault::bad_header);
    }
    if (load<std::uint32_t>(block, checksum_offset) != header_checksum(block.first(size))) {
        return fail(Fault::bad_header_checksum);
    }
    const TableHeader header{.own_block = load<std::uint64_t>(block, 24),
                             .other_block = load<std::uint64_t>(block, 32),
                             .first_usable_block = load<std::uint64_t>(block, 40),
                             .last_usable_block = load<std::uint64_t>(block, 48),
                             .disk_id = load_guid(block, 56),
                             .entries_block = load<std::uint64_t>(block, 72),
                             .entry_count = load<std::uint32_t>(block, 80),
                             .entry_size = load<std::uint32_t>(block, 84),
                             .entries_checksum = load<std::uint32_t>(block, 88)};
    if (header.own_block != found_in) {
        return fail(Fault::misplaced_header);
    }
    TRY(check_entries_shape(header));
    const auto blocks = entry_blocks(header, static_cast<std::uint32_t>(block.size()));
    if (!is_in_order(header, blocks, found_in == primary_block ? Copy::primary : Copy::backup)) {
        return fail(Fault::out_of_bounds);
    }
    return header;
}

void encode_header(const TableHeader& header, std::span<std::byte> block)
{
    std::ranges::fill(block, std::byte{0});
    store<std::uint64_t>(block, 0, signature);
    store<std::uint32_t>(block, 8, revision);
    store<std::uint32_t>(block, 12, header_bytes);
    store<std::uint64_t>(block, 24, header.own_block);
    store<std::uint64_t>(block, 32, header.other_block);
    store<std::uint64_t>(block, 40, header.first_usable_block);
    store<std::uint64_t>(block, 48, header.last_usable_block);
    store_guid(block, 56, header.disk_id);
    store<std::uint64_t>(block, 72, header.entries_block);
    store<std::uint32_t>(block, 80, header.entry_count);
    store<std::uint32_t>(block, 84, header.entry_size);
    store<std::uint32_t>(block, 88, header.entries_checksum);
    store<std::uint32_t>(block, checksum_offset, header_checksum(block.first(header_bytes)));
}

std::span<const std::byte> PartitionTable::entry(std::uint32_t index) const
{
    return entries().subspan(std::size_t{index} * entry_size_, entry_size_);
}

Partition PartitionTable::partition(std::uint32_t index) const
{
    const auto bytes = entry(index);
    Partition partition{.type = load_guid(bytes, 0),
                        .id = load_guid(bytes, 16),
                        .first_block = load<std::uint64_t>(bytes, 32),
                        .last_block = load<std::uint64_t>(bytes, 40),
                        .attributes = load<std::uint64_t>(bytes, attributes_offset)};
    for (std::size_t i = 0; i < partition.name.size(); ++i) {
        partition.name[i] = load<std::uint16_t>(bytes, name_offset + 2 * i);
    }
    return partition;
}

void PartitionTable::set_attributes(std::uint32_t index, std::uint64_t attributes)
{
    store<std::uint64_t>(bytes_, std::size_t{index} * entry_size_ + attributes_offset, attributes);
}

std::optional<std::uint32_t> PartitionTable::find(const Guid& type, unsigned n) const
{
    for (std::uint32_t index = 0; index < entry_count_; ++index) {
        if (load_guid(entry(index), 0) == type && n-- == 0) {
            return index;
        }
    }
    return std::nullopt;
}

TableHeader PartitionTable::header(Copy copy) const
{
    TableHeader header{.own_block = primary_block,
                       .other_block = backup_block_,
                       .first_usable_block = first_usable_block_,
                       .last_usable_block = last_usable_block_,
                       .disk_id = disk_id_,
                       .entries_block = primary_entries_block_,
                       .entry_count = entry_count_,
                       .entry_size = entry_size_,
                       .entries_checksum = crc32(entries())};
    if (copy == Copy::backup) {
        header.own_block = backup_block_;
        header.other_block = primary_block;
        header.entries_block = backup_block_ - entry_blocks(header, block_size_);
    }
    return header;
}

std::span<const std::byte> PartitionTable::entries() const
{
    return std::span(bytes_).first(std::size_t{entry_count_} * entry_size_);
}

std::span<const std::byte> PartitionTable::entries_on_disk() const
{
    const auto blocks = (entries().size() + block_size_ - 1) / block_size_;
    return std::span(bytes_).first(blocks * block_size_);
}

void PartitionTable::move_backup(std::uint64_t block)
{
    backup_block_ = block;
    last_usable_block_ = header(Copy::backup).entries_block - 1;
}

std::span<std::byte> PartitionTable::adopt(const TableHeader& header, std::uint32_t block_size)
{
    const bool primary = header.own_block == primary_block;
    disk_id_ = header.disk_id;
    first_usable_block_ = header.first_usable_block;
    last_usable_block_ = header.last_usable_block;
    // The backup does not tell where the primary entries were; block 2 is where every tool has
    // them, and `decode_header` saw that they fit there.
    primary_entries_block_ = primary ? header.entries_block : 2;
    backup_block_ = primary ? header.other_block : header.own_block;
    entry_count_ = header.entry_count;
    entry_size_ = header.entry_size;
    block_size_ = block_size;
    source_block_ = header.own_block;
    const auto blocks = static_cast<std::size_t>(entry_blocks(header, block_size));
    return std::span(bytes_).first(blocks * block_size);
}

} // namespace holdfast::boot
