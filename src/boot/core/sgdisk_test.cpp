// Our reading and writing of partition tables against sgdisk's.

#include "boot/core/table_io.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "boot/testing/test_disk.hpp"
#include "io/posix/posix_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

namespace holdfast::boot {
namespace {

using ::testing::HasSubstr;

class Sgdisk : public ::testing::Test {
protected:
    void SetUp() override
    {
        folder_ = run({"mktemp", "-d"});
        folder_.pop_back();
        image_ = folder_ + "/disk.img";
        run({"truncate", "-s", "16M", image_});
        run({"sgdisk", "--new=1:2048:4095", "--typecode=1:ef00", "--change-name=1:EFI-SYSTEM",
             "--new=2:4096:8191", "--typecode=2:6b636168-7420-6568-2070-6c616e657421",
             "--change-name=2:HOLDFAST-BOOT-A", "--attributes=2:set:48", "--attributes=2:set:56",
             "--partition-guid=2:01234567-89AB-CDEF-0123-456789ABCDEF", image_});
        auto opened =
            io::PosixBlockDevice::open(image_, io::PosixBlockDevice::Access::read_write);
        ASSERT_TRUE(opened.has_value());
        device_ = std::move(*opened);
        disk_ = std::make_unique<BlockDeviceDisk>(*device_);
    }

    void TearDown() override { run({"rm", "-rf", folder_}); }

    std::string run(std::vector<std::string> arguments)
    {
        auto output = io::run_checked(processes_, {.arguments = std::move(arguments)});
        check(output.has_value(), output.has_value() ? "" : output.error().message());
        return *output;
    }
    std::vector<std::byte> content()
    {
        std::vector<std::byte> bytes(device_->size());
        check(device_->read(0, bytes).has_value(), "the image can be read");
        return bytes;
    }

    io::PosixProcesses processes_;
    std::string folder_;
    std::string image_;
    std::unique_ptr<io::PosixBlockDevice> device_;
    std::unique_ptr<BlockDeviceDisk> disk_;
    std::unique_ptr<PartitionTable> table_ = std::make_unique<PartitionTable>();
};

TEST_F(Sgdisk, WritesWhatWeRead)
{
    const auto state = load_table(*disk_, *table_);
    ASSERT_TRUE(state.has_value());
    EXPECT_FALSE(state->needs_repair());
    ASSERT_EQ(table_->find(boot_partition_type, 0), 1U);
    const auto partition = table_->partition(1);
    EXPECT_EQ(partition.id, *parse_guid("01234567-89ab-cdef-0123-456789abcdef"));
    EXPECT_EQ(partition.first_block, 4096U);
    EXPECT_EQ(partition.last_block, 8191U);
    EXPECT_EQ(slot_flags(partition.attributes), (SlotFlags{1, 0, true}));
    EXPECT_EQ(std::u16string_view(partition.name.data()), u"HOLDFAST-BOOT-A");
}

TEST_F(Sgdisk, AgreesWithEveryByteThatWeWrite)
{
    const auto by_sgdisk = content();
    ASSERT_TRUE(load_table(*disk_, *table_).has_value());
    ASSERT_TRUE(write_table(*disk_, *table_).has_value());
    EXPECT_TRUE(content() == by_sgdisk);
}

TEST_F(Sgdisk, ReadsTheFlagsThatWeSet)
{
    ASSERT_TRUE(load_table(*disk_, *table_).has_value());
    const auto before = table_->partition(1).attributes;
    table_->set_attributes(1, with_slot_flags(before, {2, 1, false}));
    ASSERT_TRUE(write_table(*disk_, *table_).has_value());
    EXPECT_THAT(run({"sgdisk", "--verify", image_}), HasSubstr("No problems found"));
    const auto shown = run({"sgdisk", "--info=2", image_});
    EXPECT_THAT(shown, HasSubstr("Attribute flags: 0012000000000000"));
    EXPECT_THAT(shown, HasSubstr("01234567-89AB-CDEF-0123-456789ABCDEF"));
}

TEST_F(Sgdisk, AcceptsOurRepairs)
{
    const auto whole = content();
    for (const std::uint64_t offset : {std::uint64_t{512}, device_->size() - 512}) {
        std::array<std::byte, 512> zeros{};
        ASSERT_TRUE(device_->write(offset, zeros).has_value());
        const auto state = load_table(*disk_, *table_);
        ASSERT_TRUE(state.has_value());
        ASSERT_TRUE(repair_table(*disk_, *table_, *state).has_value());
        EXPECT_TRUE(content() == whole);
    }
}

TEST_F(Sgdisk, MovesItsBackupToTheEndOfADiskThatGrewAndWeFollow)
{
    run({"truncate", "-s", "32M", image_});
    run({"sgdisk", "--move-second-header", image_});
    device_ = *io::PosixBlockDevice::open(image_, io::PosixBlockDevice::Access::read_write);
    BlockDeviceDisk grown(*device_);
    ASSERT_TRUE(load_table(grown, *table_).has_value());
    EXPECT_EQ(table_->backup_block(), grown.block_count() - 1);
}

TEST_F(Sgdisk, AgreesWithOurBackupAtTheEndOfADiskThatGrew)
{
    run({"truncate", "-s", "32M", image_});
    const auto moved_by_sgdisk = folder_ + "/moved.img";
    run({"cp", image_, moved_by_sgdisk});
    run({"sgdisk", "--move-second-header", moved_by_sgdisk});

    device_ = *io::PosixBlockDevice::open(image_, io::PosixBlockDevice::Access::read_write);
    BlockDeviceDisk grown(*device_);
    ASSERT_TRUE(load_table(grown, *table_).has_value());
    ASSERT_TRUE(write_table(grown, *table_).has_value());
    EXPECT_THAT(run({"sgdisk", "--verify", image_}), HasSubstr("No problems found"));
    // Both copies byte by byte. Only the protective MBR, which tells old tools how big the disk is,
    // is not ours to write.
    const auto ours = content();
    device_ = *io::PosixBlockDevice::open(moved_by_sgdisk, io::PosixBlockDevice::Access::read_only);
    const auto theirs = content();
    EXPECT_TRUE(std::equal(ours.begin() + 512, ours.end(), theirs.begin() + 512, theirs.end()));
}

} // namespace
} // namespace holdfast::boot
