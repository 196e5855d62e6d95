#pragma once

#include "boot/testing/test_disk.hpp"
#include "io/block_range.hpp"
#include "update/slots/prepare.hpp"
#include "update/testing/test_release.hpp"

#include <memory>

namespace holdfast::update {

/// A machine's disk with a partition table and both sets, and partitions of 40 blocks each.
class TestMachine {
public:
    /// Set A runs and has proved itself.
    explicit TestMachine(std::uint64_t seed = 0, boot::SlotFlags a = {1, 0, true},
                         boot::SlotFlags b = {}, std::uint32_t sector_size = 512);

    io::FakeDisk& disk() { return *disk_; }
    SetDevices devices(SlotName slot);
    /// Signpost with `slot` as the running set. Fails the test where the table is gone.
    Signpost signpost(SlotName slot = SlotName::a);
    /// What `prepare` works on, with `slot` as the running set.
    Machine for_update(const Signpost& signpost, SlotName slot = SlotName::a);
    /// Writes a release into a set, for good.
    void install(SlotName slot, const TestRelease& release);
    /// Fills the partitions of a set with what nobody can use.
    void fill_with_garbage(SlotName slot);
    /// Whether the set is this release, byte for byte.
    bool holds(SlotName slot, const TestRelease& release);

private:
    io::BlockRange& partition(SlotName slot, std::uint32_t which);

    std::unique_ptr<io::FakeDisk> disk_;
    std::vector<std::unique_ptr<io::BlockRange>> partitions_;
};

} // namespace holdfast::update
