#pragma once

#include "boot/core/slots.hpp"
#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "io/block_device.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string_view>

namespace holdfast::update {

/// One of the two sets of BOOT, ROOT and HASH partitions.
enum class SlotName { a, b };
/// "Set A".
std::string_view name(SlotName slot);

/// A set as the partition table has it. Numbers are Linux's, from 1.
struct SlotPartitions {
    std::uint32_t boot = 0;
    std::uint32_t root = 0;
    std::uint32_t hash = 0;
    boot::SlotFlags flags;
};

/// The flags of a disk that say which set boots next: the one place in user space that changes
/// them. Each change is one table written by `boot::write_table`, so a power cut leaves the flags
/// before or after it. A damaged copy of the table is rebuilt with the first change.
///
/// Not for two threads or processes at a time: open the device exclusively.
class Signpost {
public:
    /// `disk` must outlive the result. `root_partition` is the number of the ROOT partition that
    /// the running system uses, which decides which set is the active one. Changes nothing.
    /// Errors: `corrupt` without a valid table; `not_found` when the partition belongs to no set.
    static Result<Signpost> open(io::BlockDevice& disk, std::uint32_t root_partition);

    SlotName active() const { return active_; }
    /// Nothing on a disk with one set.
    std::optional<SlotName> inactive() const;
    /// Precondition: `slot` exists.
    const SlotPartitions& partitions(SlotName slot) const { return *slots_[index(slot)]; }
    bool has(SlotName slot) const { return slots_[index(slot)].has_value(); }
    /// The set that the boot manager takes next.
    std::optional<SlotName> next() const;
    bool has_boot_ever_succeeded() const;
    /// Whether `mark_successful_boot` would change nothing.
    bool is_marked_successful() const;

    // All below end with the change on the disk for good, or with an error: `conflict` when the
    // flags don't allow it or there is no inactive set (nothing is changed then); `io`.

    /// The running system does its job: its set boots from now on without counting tries.
    Result<void> mark_successful_boot();
    /// The inactive set is about to be overwritten; it must not boot.
    Result<void> clear_inactive();
    /// The inactive set is complete, and may be tried once when somebody asks for it.
    Result<void> mark_inactive_valid();
    /// The next boot tries the inactive set. Needs a valid one that is not marked yet.
    Result<void> upgrade_to_inactive();
    /// Takes `upgrade_to_inactive` or `rollback_to_inactive` back. An inactive set that was never
    /// tried stays valid; one that has worked stays what the machine falls back to.
    Result<void> cancel_upgrade();
    /// The inactive set, which has worked before or has tries left, boots from now on.
    Result<void> rollback_to_inactive();
    /// The active set, which has worked before, no longer does, and gives way to the inactive one,
    /// which has worked too. Nothing boots the active set again until it is written anew: two sets
    /// that both fail must not send each other a machine for ever.
    Result<void> fall_back_to_inactive();
    /// Writes both copies of the table as they are.
    Result<void> rewrite_table();

private:
    explicit Signpost(io::BlockDevice& disk);

    static std::size_t index(SlotName slot) { return slot == SlotName::a ? 0 : 1; }
    Result<void> read();
    Result<void> find_slots(std::uint32_t root_partition);
    Result<SlotName> require_inactive() const;
    void set_flags(SlotName slot, boot::SlotFlags flags);
    void set_priorities(SlotName lower, SlotName higher);
    /// Spares the disk a write when nothing changed and both copies are whole.
    Result<void> store();

    std::unique_ptr<boot::BlockDeviceDisk> disk_;
    std::unique_ptr<boot::PartitionTable> table_; ///< 32 KiB, so not inside.
    bool needs_writing_ = false;
    std::array<std::optional<SlotPartitions>, boot::max_slots> slots_;
    SlotName active_ = SlotName::a;
};

} // namespace holdfast::update
