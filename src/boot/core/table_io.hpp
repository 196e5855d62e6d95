#pragma once

#include "boot/core/disk.hpp"
#include "boot/core/partition_table.hpp"

#include <optional>

namespace holdfast::boot {

/// How one copy of the table was found.
struct CopyState {
    enum class Health : unsigned char {
        good,
        damaged,      ///< `fault` says how.
        different,    ///< Valid, but not what the copy that we took says; a write was cut short.
        misplaced,    ///< The backup is not in the last block: the disk grew.
        out_of_reach, ///< The backup lies behind the end of the disk; leave it alone.
    };
    Health health = Health::good;
    Fault fault = Fault::no_table;
};

struct TableState {
    CopyState primary;
    CopyState backup;

    bool needs_repair() const;
};

/// Reads the table of the disk: the primary copy where it is valid, else the backup where a valid
/// primary header has it, else the one in the last block, which is all that firmware knows. Where
/// both are valid and differ, the primary wins, as it does in every firmware: a write that was cut
/// short between the copies counts as not done.
///
/// Errors: the primary's fault when neither copy is valid; `unsupported_blocks`. `table` then holds
/// nothing of use.
Outcome<TableState> load_table(Disk& disk, PartitionTable& table);

/// Rebuilds the copy that `load_table` did not take, from the one it took. On a disk that grew it
/// writes both, as `write_table` does. Changes nothing when both are fine. Errors: `write_failed`;
/// a whole copy is then left.
Outcome<void> repair_table(Disk& disk, PartitionTable& table, const TableState& state);

/// Writes both copies, each flushed before the other is begun, so that a power cut at any instant
/// leaves one whole copy, with the old content or the new. The backup goes first, unless the table
/// was taken from the backup: then the primary may be damaged and the backup all we have. A backup
/// out of reach is skipped.
///
/// On a disk that grew the backup goes into the last block, before the primary is touched: from
/// there alone can it replace a primary that power cut short. The old backup, in space that belongs
/// to nobody, stays until something is put there. (Only where less than the size of a table was
/// added does the new one lie over it.)
///
/// On return the new content is on the disk for good. Errors: `write_failed`; the disk then holds
/// the old table or the new one.
Outcome<void> write_table(Disk& disk, PartitionTable& table);

} // namespace holdfast::boot
