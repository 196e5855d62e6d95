#pragma once

#include "boot/core/disk.hpp"
#include "boot/core/slots.hpp"
#include "boot/core/table_io.hpp"

#include <string_view>

namespace holdfast::boot {

/// One set of partitions to boot, with the flags after its try was spent.
struct Slot {
    std::size_t number = 0;  ///< 0 is A, 1 is B.
    std::uint32_t index = 0; ///< Of its BOOT partition in the table.
    Partition partition;
    SlotFlags flags;

    char letter() const { return static_cast<char>('A' + number); }
};

/// The surroundings of a boot: UEFI, or a test.
class BootHost {
public:
    /// Loads the image out of the slot's BOOT partition and runs it. Returns only when that failed,
    /// or when the image came back, and says why.
    virtual Fault start(const Slot& slot) = 0;
    /// Something that a person at the console should know: "the backup partition table is damaged".
    virtual void note(std::string_view what, Fault why) = 0;
    /// The slot does not run; the next one does, if there is one, and can tell people why.
    virtual void leave(const Slot& slot, Fault why) = 0;

protected:
    ~BootHost() = default;
};

/// Boots the machine: loads the table (repairing it), and starts the bootable slots one after the
/// other until one does not come back. The try of each is on the disk before it is started.
///
/// A trial (a slot that never succeeded) whose spent try cannot be written is not started: without
/// that write it could hang at every boot for ever. A slot that succeeded before is.
///
/// `table` is working memory. Returns why nothing runs.
Fault boot(Disk& disk, PartitionTable& table, BootHost& host);

} // namespace holdfast::boot
