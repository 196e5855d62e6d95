#include "boot/testing/test_disk.hpp"
#include "update/signpost/signpost.hpp"

#include <gtest/gtest.h>
#include <ostream>

namespace holdfast::update {
namespace {

using boot::SlotFlags;

constexpr std::uint32_t number_of_root_a = 4;

struct Flags {
    SlotFlags a;
    SlotFlags b;
    bool ever_succeeded = false;
    friend bool operator==(const Flags&, const Flags&) = default;
};

/// A subcommand that writes, and where the flags stand before and after it.
struct WritingCommand {
    const char* name;
    Result<void> (Signpost::*run)();
    Flags before;
    Flags after;
};

void PrintTo(const WritingCommand& change, std::ostream* out)
{
    *out << change.name;
}

enum class Table { healthy, primary_damaged, backup_damaged };

class SignpostPowerCut : public ::testing::TestWithParam<std::tuple<WritingCommand, Table>> {
protected:
    static io::FakeDisk prepare(std::uint64_t seed)
    {
        const auto& [change, table] = GetParam();
        auto layout = boot::holdfast_layout(change.before.a, change.before.b);
        if (change.before.ever_succeeded) {
            layout[boot::private_partition].attributes = boot::ever_succeeded_attribute;
        }
        auto disk = boot::make_disk(layout, seed);
        if (table != Table::healthy) {
            boot::damage(disk, table == Table::primary_damaged ? 2 : 399);
        }
        return disk;
    }

    static Flags find(io::BlockDevice& disk)
    {
        return {boot::flags_on(disk, boot::boot_a), boot::flags_on(disk, boot::boot_b),
                boot::attributes_on(disk, boot::private_partition) ==
                    boot::ever_succeeded_attribute};
    }
};

TEST_P(SignpostPowerCut, LeavesTheFlagsBeforeOrAfterAtEveryStep)
{
    const auto& change = std::get<WritingCommand>(GetParam());
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        bool finished = false;
        for (int step = 0; !finished; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            auto disk = prepare(seed);
            auto signpost = Signpost::open(disk, number_of_root_a);
            ASSERT_TRUE(signpost.has_value());
            disk.cut_power_after(step);
            finished = ((*signpost).*change.run)().has_value();
            disk.restart();

            const auto found = find(disk);
            EXPECT_TRUE(found == change.after || (!finished && found == change.before));
            EXPECT_TRUE(!finished || boot::is_healthy(disk));

            // The next change, whatever it is, makes both copies whole again.
            ASSERT_TRUE(Signpost::open(disk, number_of_root_a)->rewrite_table().has_value());
            EXPECT_TRUE(boot::is_healthy(disk));
            EXPECT_TRUE(find(disk) == found);
        }
    }
}

constexpr SlotFlags settled{1, 0, true};

INSTANTIATE_TEST_SUITE_P(
    Subcommands, SignpostPowerCut,
    ::testing::Combine(
        ::testing::Values(
            WritingCommand{"mark-successful-boot", &Signpost::mark_successful_boot,
                   {{2, 0, false}, settled}, {{2, 0, true}, settled, true}},
            WritingCommand{"clear-inactive", &Signpost::clear_inactive, {settled, {2, 1, true}},
                   {settled, {}}},
            WritingCommand{"mark-inactive-valid", &Signpost::mark_inactive_valid, {settled, {}},
                   {settled, {0, 1, false}}},
            WritingCommand{"upgrade-to-inactive", &Signpost::upgrade_to_inactive,
                   {{2, 0, true}, {0, 1, false}, true}, {settled, {2, 1, false}, true}},
            WritingCommand{"cancel-upgrade", &Signpost::cancel_upgrade, {settled, {2, 1, false}},
                   {{2, 0, true}, {0, 1, false}}},
            WritingCommand{"rollback-to-inactive", &Signpost::rollback_to_inactive,
                   {{2, 0, true}, settled}, {settled, {2, 0, true}}},
            WritingCommand{"fall-back-to-inactive", &Signpost::fall_back_to_inactive,
                   {{2, 0, true}, settled}, {{1, 0, false}, {2, 0, true}}},
            WritingCommand{"rewrite-table", &Signpost::rewrite_table, {settled, {2, 1, false}},
                   {settled, {2, 1, false}}}),
        ::testing::Values(Table::healthy, Table::primary_damaged, Table::backup_damaged)));

} // namespace
} // namespace holdfast::update
