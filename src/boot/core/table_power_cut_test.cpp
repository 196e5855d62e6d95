#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "boot/testing/test_disk.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace holdfast::boot {
namespace {

constexpr SlotFlags old_flags{1, 0, true};
constexpr SlotFlags new_flags{2, 1, false};

/// How the disk is found before the write: how many of its blocks are new, which one is damaged.
struct Before {
    const char* what;
    std::uint64_t new_blocks = 0;
    std::uint64_t damaged_block = 0;
};

constexpr std::uint64_t first_entries_block = 2;
constexpr std::uint64_t backup_block = 399;
// Room for 16 entries is checked sooner than for 128.
constexpr std::uint64_t first_usable_block = 6;
constexpr std::uint64_t blocks_of_a_backup = 5;

class TablePowerCut : public ::testing::TestWithParam<Before> {
protected:
    static io::FakeDisk prepare(std::uint64_t seed)
    {
        auto device = make_disk(holdfast_layout({1, 0, true}, old_flags), seed, 512, 16, 16);
        auto content = device.content();
        content.resize(content.size() + GetParam().new_blocks * device.sector_size());
        device.set_content(std::move(content));
        if (GetParam().damaged_block != 0) {
            damage(device, GetParam().damaged_block);
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

/// Nothing but both copies, the place of the old backup included, changes on the disk.
TEST_P(TablePowerCut, IsNoneForPartitionsWhereATableIsWritten)
{
    auto device = prepare(0);
    const auto before = device.content();
    BlockDeviceDisk disk(device);
    auto table = std::make_unique<PartitionTable>();
    ASSERT_TRUE(load_table(disk, *table).has_value());
    ASSERT_TRUE(write_table(disk, *table).has_value());
    const auto after = device.content();
    constexpr auto start = first_usable_block * 512;
    constexpr auto end = (backup_block + 1 - blocks_of_a_backup) * 512;
    EXPECT_TRUE(std::equal(before.begin() + start, before.begin() + end, after.begin() + start));
    EXPECT_EQ(table->backup_block(), disk.block_count() - 1);
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

INSTANTIATE_TEST_SUITE_P(
    Disks, TablePowerCut,
    ::testing::Values(Before{"healthy"}, Before{"primary header damaged", 0, primary_block},
                      Before{"primary entries damaged", 0, first_entries_block},
                      Before{"backup damaged", 0, backup_block}, Before{"grown", 600},
                      Before{"grown, primary entries damaged", 600, first_entries_block},
                      Before{"grown, backup damaged", 600, backup_block},
                      Before{"grown by just a backup", blocks_of_a_backup},
                      Before{"grown by less than a backup", blocks_of_a_backup - 1},
                      Before{"grown by a block", 1}));

} // namespace
} // namespace holdfast::boot
