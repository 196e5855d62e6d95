#include "boot/core/boot_attempt.hpp"

namespace holdfast::boot {

namespace {

struct SlotList {
    std::array<std::uint32_t, max_slots> indexes{};
    std::array<SlotFlags, max_slots> flags{};
    std::size_t count = 0;
};

SlotList find_slots(const PartitionTable& table)
{
    SlotList slots;
    for (unsigned n = 0; n < max_slots; ++n) {
        if (const auto index = table.find(boot_partition_type, n)) {
            slots.indexes[slots.count] = *index;
            slots.flags[slots.count++] = slot_flags(table.partition(*index).attributes);
        }
    }
    return slots;
}

void note_and_repair(Disk& disk, PartitionTable& table, const TableState& state, BootHost& host)
{
    using Health = CopyState::Health;
    if (state.primary.health == Health::damaged) {
        host.note("the primary partition table is damaged", state.primary.fault);
    }
    if (state.backup.health == Health::damaged) {
        host.note("the backup partition table is damaged", state.backup.fault);
    }
    // A disk that cannot be repaired can often still be booted.
    if (const auto repaired = repair_table(disk, table, state); !repaired.has_value()) {
        host.note("the partition table cannot be repaired", repaired.error());
    }
}

/// Whether the slot may be started.
bool spend(Disk& disk, PartitionTable& table, Slot& slot, BootHost& host)
{
    if (slot.flags.tries_left == 0) {
        return true;
    }
    slot.flags = spend_try(slot.flags);
    table.set_attributes(slot.index, with_slot_flags(slot.partition.attributes, slot.flags));
    const auto written = write_table(disk, table);
    if (!written.has_value()) {
        host.note("the spent try cannot be stored", written.error());
    }
    return written.has_value() || slot.flags.successful;
}

} // namespace

Fault boot(Disk& disk, PartitionTable& table, BootHost& host)
{
    const auto state = load_table(disk, table);
    if (!state.has_value()) {
        return state.error();
    }
    note_and_repair(disk, table, *state, host);

    const auto slots = find_slots(table);
    const auto order = boot_order(std::span(slots.flags).first(slots.count));
    auto reason = Fault::nothing_bootable;
    for (std::size_t i = 0; i < order.count; ++i) {
        const auto number = order.slots[i];
        const auto index = slots.indexes[number];
        Slot slot{.number = number,
                  .index = index,
                  .partition = table.partition(index),
                  .flags = slots.flags[number]};
        reason = spend(disk, table, slot, host) ? host.start(slot) : Fault::write_failed;
        host.leave(slot, reason);
    }
    return reason;
}

} // namespace holdfast::boot
