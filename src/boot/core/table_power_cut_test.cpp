#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "boot/testing/test_disk.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace holdfast::boot {
namespace {

constexpr SlotFlags old_flags{1, 0, true};
constexpr SlotFlags new_flags{2, 1, false};
constexpr std::uint64_t end_block = 399;

enum class Before { healthy, primary_damaged, backup_damaged };

class TablePowerCut : public ::testing::TestWithParam<Before> {
protected:
    static io::FakeDisk prepare(std::uint64_t seed)
    {
        auto device = make_disk(holdfast_layout({1, 0, true}, old_flags), seed);
        if (GetParam() != Before::healthy) {
            damage(device, GetParam() == Before::primary_damaged ? 1 : end_block);
        }
        return device;
    }
};

TEST_P(TablePowerCut, LeavesAValidTableWithOldOrNewFlagsAtEveryStep)
{
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        bool finished = false;
        for (int step = 0; !finished; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            auto device = prepare(seed);
            BlockDeviceDisk disk(device);
            auto table = std::make_unique<PartitionTable>();
            ASSERT_TRUE(load_table(disk, *table).has_value());
            table->set_attributes(boot_b, with_slot_flags(0, new_flags));

            device.cut_power_after(step);
            finished = write_table(disk, *table).has_value();
            device.restart();

            const auto state = load_table(disk, *table);
            ASSERT_TRUE(state.has_value());
            const auto found = slot_flags(table->partition(boot_b).attributes);
            EXPECT_TRUE(found == new_flags || (!finished && found == old_flags));
            ASSERT_TRUE(repair_table(disk, *table, *state).has_value());
            EXPECT_TRUE(is_healthy(device));
            EXPECT_EQ(flags_on(device, boot_b), found) << "a repair takes nothing back";
        }
    }
}

TEST_P(TablePowerCut, DuringARepairLeavesAValidTable)
{
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        bool finished = false;
        for (int step = 0; !finished; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            auto device = prepare(seed);
            BlockDeviceDisk disk(device);
            auto table = std::make_unique<PartitionTable>();
            const auto state = load_table(disk, *table);
            ASSERT_TRUE(state.has_value());

            device.cut_power_after(step);
            finished = repair_table(disk, *table, *state).has_value();
            device.restart();

            EXPECT_EQ(flags_on(device, boot_b), old_flags);
            EXPECT_TRUE(!finished || is_healthy(device));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, TablePowerCut,
                         ::testing::Values(Before::healthy, Before::primary_damaged,
                                           Before::backup_damaged));

} // namespace
} // namespace holdfast::boot
