#pragma once

#include "boot/core/fault.hpp"
#include "boot/core/guid.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace holdfast::boot {

/// The header of one copy of a GPT (UEFI 2.10 §5.3.2), without its fixed fields and checksum.
struct TableHeader {
    std::uint64_t own_block = 0;
    std::uint64_t other_block = 0; ///< Where the other copy's header lies.
    std::uint64_t first_usable_block = 0;
    std::uint64_t last_usable_block = 0;
    Guid disk_id;
    std::uint64_t entries_block = 0;
    std::uint32_t entry_count = 0;
    std::uint32_t entry_size = 0;
    std::uint32_t entries_checksum = 0;

    friend bool operator==(const TableHeader&, const TableHeader&) = default;
};

/// Blocks that the entries of the table fill.
std::uint64_t entry_blocks(const TableHeader& header, std::uint32_t block_size);

/// Reads a header out of the block it was found in, and believes it only when signature, checksum,
/// place and bounds are right; so the numbers in it can be calculated with. The primary copy is in
/// block 1, the backup anywhere behind. Whether the entries match is another matter.
///
/// Errors: `no_table`, `bad_header`, `bad_header_checksum`, `misplaced_header`, `out_of_bounds`,
/// `too_large` (entries of more than `max_entries_bytes`).
Outcome<TableHeader> decode_header(std::span<const std::byte> block, std::uint64_t found_in);

/// Fills a whole block. Precondition: it has at least 512 bytes.
void encode_header(const TableHeader& header, std::span<std::byte> block);

/// Room for 256 entries of 128 bytes; a usual table has 128. A multiple of every block size.
inline constexpr std::size_t max_entries_bytes = 32 * 1024;
inline constexpr std::uint32_t min_block_size = 512;
inline constexpr std::uint32_t max_block_size = 4096;

/// One used or unused entry of a table. Anything may stand in it: bounds are checked by who reads
/// the partition.
struct Partition {
    Guid type; ///< All zeros in an unused entry.
    Guid id;
    std::uint64_t first_block = 0;
    std::uint64_t last_block = 0; ///< Inclusive.
    std::uint64_t attributes = 0;
    std::array<char16_t, 36> name{};
};

enum class Copy : unsigned char { primary, backup };

inline constexpr std::uint64_t primary_block = 1;

/// A partition table in memory. Entries stay as bytes, so that rewriting one changes nothing but
/// the attributes that were set. 32 KiB big: keep it off small stacks.
class PartitionTable {
public:
    /// Empty until `load_table` fills it.
    PartitionTable() = default;

    std::uint32_t entry_count() const { return entry_count_; }
    /// Precondition: `index < entry_count()`. Linux calls it partition `index + 1`.
    Partition partition(std::uint32_t index) const;
    void set_attributes(std::uint32_t index, std::uint64_t attributes);
    /// The index of the n-th entry of this type, counting from 0.
    std::optional<std::uint32_t> find(const Guid& type, unsigned n) const;

    /// Where the header of a copy lies that is known to be whole on the disk. The other one may be
    /// damaged or old, so it is always written first.
    std::uint64_t source_block() const { return source_block_; }
    void set_source_block(std::uint64_t block) { source_block_ = block; }
    std::uint64_t backup_block() const { return backup_block_; }
    /// The backup belongs into this block from now on, and the space before it may be used.
    /// Precondition: it lies behind the present one.
    void move_backup(std::uint64_t block);
    /// The header that belongs into this copy, with the checksum of the entries as they are.
    TableHeader header(Copy copy) const;
    std::span<const std::byte> entries() const;

    /// Takes what a header says, and gives the place where its entries are to be read into: whole
    /// blocks, of which those after the entries are left out of the checksum.
    std::span<std::byte> adopt(const TableHeader& header, std::uint32_t block_size);
    /// The entries padded to whole blocks, as they lie on the disk.
    std::span<const std::byte> entries_on_disk() const;

private:
    std::span<const std::byte> entry(std::uint32_t index) const;

    // All zeros at the start, so that the boot manager's image need not hold the 32 KiB.
    Guid disk_id_;
    std::uint64_t first_usable_block_ = 0;
    std::uint64_t last_usable_block_ = 0;
    std::uint64_t primary_entries_block_ = 0;
    std::uint64_t backup_block_ = 0;
    std::uint64_t source_block_ = 0;
    std::uint32_t entry_count_ = 0;
    std::uint32_t entry_size_ = 0;
    std::uint32_t block_size_ = 0;
    std::array<std::byte, max_entries_bytes> bytes_{};
};

} // namespace holdfast::boot
