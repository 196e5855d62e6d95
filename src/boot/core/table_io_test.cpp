#include "boot/core/bytes.hpp"
#include "boot/core/crc32.hpp"
#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "boot/testing/test_disk.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace holdfast::boot {
namespace {

using Health = CopyState::Health;

constexpr std::uint64_t last_block = 399;
constexpr SlotFlags tried{1, 0, true};
constexpr SlotFlags trial{2, 1, false};

class Table : public ::testing::Test {
protected:
    Outcome<TableState> load() { return load_table(disk, *table); }
    std::string name_of(std::uint32_t index)
    {
        std::string name;
        for (const char16_t unit : table->partition(index).name) {
            if (unit != 0) {
                name += static_cast<char>(unit);
            }
        }
        return name;
    }
    /// Changes a field of a header and makes its checksum right again.
    template <typename T>
    void forge(std::uint64_t block, std::size_t offset, T value)
    {
        auto content = device.content();
        const auto header = std::span(content).subspan(block * 512, 512);
        store<T>(header, offset, value);
        store<std::uint32_t>(header, 16, 0);
        store<std::uint32_t>(header, 16, crc32(header.first(92)));
        device.set_content(std::move(content));
    }

    /// To 1000 blocks, of 400.
    void grow()
    {
        auto content = device.content();
        content.resize(1000 * 512);
        device.set_content(std::move(content));
    }

    io::FakeDisk device = make_disk(holdfast_layout(tried, trial));
    BlockDeviceDisk disk{device};
    std::unique_ptr<PartitionTable> table = std::make_unique<PartitionTable>();
};

TEST_F(Table, IsReadFieldByField)
{
    const auto state = load();
    ASSERT_TRUE(state.has_value());
    EXPECT_FALSE(state->needs_repair());
    EXPECT_EQ(table->entry_count(), 128U);
    EXPECT_EQ(table->find(boot_partition_type, 0), boot_a);
    EXPECT_EQ(table->find(boot_partition_type, 1), boot_b);
    EXPECT_EQ(table->find(boot_partition_type, 2), std::nullopt);
    EXPECT_EQ(name_of(boot_b), "HOLDFAST-BOOT-B");
    EXPECT_EQ(table->partition(boot_a).first_block, 34U + 2 * 16);
    EXPECT_EQ(table->partition(boot_a).last_block, 34U + 3 * 16 - 1);
    EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
}

TEST_F(Table, IsReadWithBlocksOf4096Bytes)
{
    device = make_disk(holdfast_layout(tried, trial), 0, 4096);
    ASSERT_TRUE(load().has_value());
    EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
    damage(device, 1);
    EXPECT_TRUE(load()->needs_repair());
}

TEST_F(Table, WithADamagedPrimaryComesFromTheBackupAndIsRepaired)
{
    const auto before = device.content();
    for (const std::uint64_t block : {1U, 2U, 33U}) {
        SCOPED_TRACE(block);
        device.set_content(before);
        damage(device, block);
        const auto state = load();
        ASSERT_TRUE(state.has_value());
        EXPECT_EQ(state->primary.health, Health::damaged);
        EXPECT_EQ(state->backup.health, Health::good);
        EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
        ASSERT_TRUE(repair_table(disk, *table, *state).has_value());
        EXPECT_EQ(device.content(), before) << "exactly what was there before the damage";
    }
}

TEST_F(Table, WithADamagedBackupIsRepaired)
{
    const auto before = device.content();
    for (const std::uint64_t block : {last_block, last_block - 1, last_block - 32}) {
        SCOPED_TRACE(block);
        device.set_content(before);
        damage(device, block);
        const auto state = load();
        ASSERT_TRUE(state.has_value());
        EXPECT_EQ(state->primary.health, Health::good);
        EXPECT_EQ(state->backup.health, Health::damaged);
        ASSERT_TRUE(repair_table(disk, *table, *state).has_value());
        EXPECT_EQ(device.content(), before);
    }
}

TEST_F(Table, WithCopiesThatDifferIsWhatThePrimarySays)
{
    auto mixed = device.content();
    auto other = make_disk(holdfast_layout(tried, tried)).content();
    std::copy(other.begin() + 360 * 512, other.end(), mixed.begin() + 360 * 512);
    device.set_content(std::move(mixed));

    const auto state = load();
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->backup.health, Health::different);
    EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
    ASSERT_TRUE(repair_table(disk, *table, *state).has_value());
    EXPECT_TRUE(is_healthy(device));
    EXPECT_EQ(flags_on(device, boot_b), trial);
}

TEST_F(Table, WithBothCopiesDamagedIsRefused)
{
    damage(device, 1);
    damage(device, last_block);
    EXPECT_EQ(load().error(), Fault::bad_header_checksum);
    device.set_content(std::vector<std::byte>(400 * 512));
    EXPECT_EQ(load().error(), Fault::no_table);
}

TEST_F(Table, WithAnUnreadablePrimaryComesFromTheBackup)
{
    device.refuse_reads(1, 1);
    const auto state = load();
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->primary.fault, Fault::read_failed);
}

TEST_F(Table, LeavesABackupBehindTheEndOfTheDiskAlone)
{
    auto content = device.content();
    content.resize(300 * 512); // A firmware that reports less than there is.
    device.set_content(content);
    const auto state = load();
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->backup.health, Health::out_of_reach);
    EXPECT_FALSE(state->needs_repair());

    table->set_attributes(boot_b, with_slot_flags(0, tried));
    EXPECT_TRUE(write_table(disk, *table).has_value());
    EXPECT_EQ(flags_on(device, boot_b), tried);
}

TEST_F(Table, OfADiskThatGrewGetsItsBackupToTheEnd)
{
    grow();
    const auto state = load();
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->backup.health, Health::misplaced);
    ASSERT_TRUE(repair_table(disk, *table, *state).has_value());

    EXPECT_FALSE(load()->needs_repair());
    EXPECT_EQ(table->backup_block(), 999U);
    EXPECT_EQ(table->header(Copy::primary).last_usable_block, 999U - 33);
    damage(device, 1);
    ASSERT_TRUE(load().has_value()) << "as firmware, which knows no other place";
    EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
}

TEST_F(Table, OfADiskThatGrewIsTheOneThatItsHeaderNames)
{
    const auto foreign = make_disk(holdfast_layout(tried, tried), 0, 512, 82).content();
    grow();
    auto content = device.content();
    std::copy(foreign.end() - 33 * 512, foreign.end(), content.end() - 33 * 512);
    device.set_content(std::move(content));
    forge(999, 24, std::uint64_t{999});
    forge(999, 72, std::uint64_t{999 - 32});
    damage(device, 2);

    const auto state = load();
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
    ASSERT_TRUE(repair_table(disk, *table, *state).has_value());
    EXPECT_TRUE(is_healthy(device));
    EXPECT_EQ(flags_on(device, boot_b), trial);
}

TEST_F(Table, WhoseNewPlaceRefusesWritesStaysAsItIs)
{
    grow();
    damage(device, 2);
    ASSERT_TRUE(load().has_value());
    device.refuse_writes(999, 999);
    for (int attempt = 0; attempt < 2; ++attempt) { // As the boot manager does, for each set.
        EXPECT_EQ(write_table(disk, *table).error(), Fault::write_failed);
        ASSERT_TRUE(load().has_value());
        EXPECT_EQ(slot_flags(table->partition(boot_b).attributes), trial);
    }
}

TEST_F(Table, ChangesNothingButTheAttributesThatAreSet)
{
    ASSERT_TRUE(load().has_value());
    const auto before = device.content();
    const auto old = table->partition(boot_b).attributes;
    table->set_attributes(boot_b, old ^ ever_succeeded_attribute);
    ASSERT_TRUE(write_table(disk, *table).has_value());
    EXPECT_EQ(attributes_on(device, boot_b), old ^ ever_succeeded_attribute);
    EXPECT_TRUE(is_healthy(device));

    table->set_attributes(boot_b, old);
    ASSERT_TRUE(write_table(disk, *table).has_value());
    EXPECT_EQ(device.content(), before);
}

TEST_F(Table, IsWrittenToADamagedPrimaryBeforeTheOnlyGoodCopyIsTouched)
{
    damage(device, 1);
    ASSERT_TRUE(load().has_value());
    device.refuse_writes(1, 1);
    const auto before = device.content();
    EXPECT_EQ(write_table(disk, *table).error(), Fault::write_failed);
    const auto after = device.content();
    EXPECT_TRUE(std::equal(before.begin() + 360 * 512, before.end(), after.begin() + 360 * 512));
}

struct Forged {
    const char* what;
    std::uint64_t block; ///< 1 for the primary.
    std::size_t offset;
    std::uint64_t value;
    std::size_t size;
    Fault fault;
};

class ForgedHeader : public Table, public ::testing::WithParamInterface<Forged> {};

TEST_P(ForgedHeader, IsNotBelievedThoughItsChecksumIsRight)
{
    const auto& forged = GetParam();
    if (forged.size == 4) {
        forge(forged.block, forged.offset, static_cast<std::uint32_t>(forged.value));
    } else {
        forge(forged.block, forged.offset, forged.value);
    }
    const auto state = load();
    ASSERT_TRUE(state.has_value()) << "the other copy is good";
    const auto& copy = forged.block == 1 ? state->primary : state->backup;
    EXPECT_EQ(copy.health, Health::damaged) << forged.what;
    EXPECT_EQ(text(copy.fault), text(forged.fault)) << forged.what;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ForgedHeader,
    ::testing::Values(
        Forged{"signature", 1, 0, 0, 8, Fault::no_table},
        Forged{"revision", 1, 8, 0x20000, 4, Fault::bad_header},
        Forged{"own place", 1, 24, 2, 8, Fault::misplaced_header},
        Forged{"backup right behind the table", 1, 32, 40, 8, Fault::out_of_bounds},
        Forged{"backup in block 0", 1, 32, 0, 8, Fault::out_of_bounds},
        Forged{"usable blocks over the entries", 1, 40, 33, 8, Fault::out_of_bounds},
        Forged{"usable blocks over the backup", 1, 48, 367, 8, Fault::out_of_bounds},
        Forged{"usable blocks end before they start", 1, 48, 33, 8, Fault::out_of_bounds},
        Forged{"no block can be that far", 1, 48, ~0ULL, 8, Fault::out_of_bounds},
        Forged{"entries over the header", 1, 72, 1, 8, Fault::out_of_bounds},
        Forged{"entries over the partitions", 1, 72, 3, 8, Fault::out_of_bounds},
        Forged{"entries beyond any disk", 1, 72, ~0ULL - 3, 8, Fault::out_of_bounds},
        Forged{"no entries", 1, 80, 0, 4, Fault::bad_header},
        Forged{"too many entries", 1, 80, 257, 4, Fault::too_large},
        Forged{"as many as fit a number", 1, 80, 0xffffffff, 4, Fault::too_large},
        Forged{"small entries", 1, 84, 64, 4, Fault::bad_header},
        Forged{"entries of an odd size", 1, 84, 129, 4, Fault::bad_header},
        Forged{"checksum of the entries", 1, 88, 1, 4, Fault::bad_entries_checksum},
        Forged{"backup of another primary", last_block, 32, 3, 8, Fault::out_of_bounds},
        Forged{"backup entries over itself", last_block, 72, 368, 8, Fault::out_of_bounds},
        Forged{"backup entries over the partitions", last_block, 72, 366, 8, Fault::out_of_bounds},
        Forged{"backup entries beyond any disk", last_block, 72, ~0ULL, 8,
               Fault::out_of_bounds}));

} // namespace
} // namespace holdfast::boot
