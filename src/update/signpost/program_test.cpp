#include "boot/testing/test_disk.hpp"
#include "io/block_range.hpp"
#include "io/testing/fake_files.hpp"
#include "update/signpost/program.hpp"
#include "update/signpost/system_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using ::testing::HasSubstr;

/// /proc and /sys of a machine whose root is a verity device over `root` and `hash` of vda, named
/// as Xen does, without a separator that could be guessed.
io::FakeFiles make_system(int root = 4, int hash = 5)
{
    io::FakeFiles files;
    files.put("/proc/self/mountinfo",
              "21 1 0:20 / /sys rw - sysfs sysfs rw\n"
              "22 1 0:2 / / rw - rootfs rootfs rw\n"
              "23 1 253:0 / / ro,relatime shared:1 - erofs /dev/mapper/root ro\n"
              "24 23 0:21 / /etc rw - tmpfs tmpfs rw\n");
    const std::string disk = "/sys/devices/pci0000:00/virtio0/block/vda";
    for (int number = 1; number <= 10; ++number) {
        const auto name = "vda" + std::to_string(number);
        files.put(disk + "/" + name + "/partition", std::to_string(number) + "\n");
        files.put_link("/sys/class/block/" + name,
                       "../../devices/pci0000:00/virtio0/block/vda/" + name);
    }
    files.put(disk + "/queue/rotational", "0\n");
    files.put_link("/sys/class/block/vda", "../../devices/pci0000:00/virtio0/block/vda");
    const std::string verity = "/sys/devices/virtual/block/dm-0";
    for (const int number : {root, hash}) {
        const auto name = "vda" + std::to_string(number);
        files.put_link(verity + "/slaves/" + name, "../../../" + name);
    }
    files.put_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
    return files;
}

class Program : public ::testing::Test {
protected:
    Result<std::string> run(std::vector<std::string> arguments)
    {
        return run_signpost(arguments, files, [this](const auto& device, DiskUse use) {
            opened = device.native() + (use == DiskUse::look ? " to look" : " to change");
            return Result<std::unique_ptr<io::BlockDevice>>(
                std::make_unique<io::BlockRange>(disk, 0, disk.size()));
        });
    }

    io::FakeFiles files = make_system();
    io::FakeDisk disk = boot::make_disk(boot::holdfast_layout({1, 0, true}, {2, 1, false}));
    std::string opened;
};

TEST_F(Program, PrintsTheStatus)
{
    EXPECT_EQ(*run({"status"}),
              "OS disk: /dev/vda\n"
              "Set A:   boot=/dev/vda3 root=/dev/vda4 hash=/dev/vda5 priority=1 tries_left=0 "
              "successful=true\n"
              "Set B:   boot=/dev/vda6 root=/dev/vda7 hash=/dev/vda8 priority=2 tries_left=1 "
              "successful=false\n"
              "Active:  Set A\n"
              "Next:    Set B\n");
    EXPECT_EQ(opened, "/dev/vda to look");
}

TEST_F(Program, KeepsNamesAndFlagsTogetherWhenBRuns)
{
    files = make_system(7, 8);
    disk = boot::make_disk(boot::holdfast_layout({1, 0, false}, {2, 0, false}));
    const auto status = *run({"status"});
    EXPECT_THAT(status, HasSubstr("Set A:   boot=/dev/vda3"));
    EXPECT_THAT(status, HasSubstr("Active:  Set B\nNext:    None\n"));
}

TEST_F(Program, SaysTrueOrNothing)
{
    EXPECT_EQ(*run({"has-boot-ever-succeeded"}), "");
    auto layout = boot::holdfast_layout({1, 0, true}, {});
    layout[boot::private_partition].attributes = boot::ever_succeeded_attribute;
    disk = boot::make_disk(layout);
    EXPECT_EQ(*run({"has-boot-ever-succeeded"}), "true\n");
}

TEST_F(Program, ChangesWithTheDiskToItself)
{
    EXPECT_EQ(*run({"mark-successful-boot"}), "");
    EXPECT_EQ(opened, "/dev/vda to change");
}

/// What a subcommand does to the flags, as priority/tries/successful, with A active.
TEST_F(Program, HasASubcommandForEachChange)
{
    using boot::SlotFlags;
    struct Change {
        const char* name;
        SlotFlags a;
        SlotFlags b;
        SlotFlags a_after;
        SlotFlags b_after;
    };
    for (const auto& [name, a, b, a_after, b_after] : {
             Change{
                 "mark-successful-boot", {2, 0, false}, {1, 0, true}, {2, 0, true}, {1, 0, true}},
             Change{"clear-inactive", {1, 0, true}, {2, 1, true}, {1, 0, true}, {0, 0, false}},
             Change{"mark-inactive-valid", {1, 0, true}, {}, {1, 0, true}, {0, 1, false}},
             Change{
                 "upgrade-to-inactive", {1, 0, true}, {0, 1, false}, {1, 0, true}, {2, 1, false}},
             Change{"cancel-upgrade", {1, 0, true}, {2, 1, false}, {2, 0, true}, {0, 1, false}},
             Change{"rollback-to-inactive", {2, 0, true}, {1, 0, true}, {1, 0, true}, {2, 0, true}},
             Change{
                 "fall-back-to-inactive", {2, 0, true}, {1, 0, true}, {1, 0, false}, {2, 0, true}},
             Change{"rewrite-table", {1, 0, true}, {2, 1, false}, {1, 0, true}, {2, 1, false}},
         }) {
        disk = boot::make_disk(boot::holdfast_layout(a, b));
        const auto steps_before = disk.steps_done();
        EXPECT_EQ(*run({name}), "") << name;
        EXPECT_EQ(opened, "/dev/vda to change") << name;
        EXPECT_EQ(boot::flags_on(disk, boot::boot_a), a_after) << name;
        EXPECT_EQ(boot::flags_on(disk, boot::boot_b), b_after) << name;
        EXPECT_GT(disk.steps_done(), steps_before) << name << " writes";
    }
}

TEST_F(Program, ExplainsItselfWithoutTouchingTheDisk)
{
    EXPECT_THAT(*run({"--help"}), HasSubstr("rollback-to-inactive"));
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{}, {"staus"}, {"status", "now"}}) {
        const auto refused = run(arguments);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code(), Errc::invalid);
        EXPECT_THAT(refused.error().message(), HasSubstr("Usage: signpost"));
    }
    EXPECT_EQ(opened, "");
}

TEST_F(Program, RefusesARootThatIsNotOnVerity)
{
    files = io::FakeFiles({{"/proc/self/mountinfo", "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n"}});
    EXPECT_THAT(run({"status"}).error().message(), HasSubstr("not on a verity device"));
    files = io::FakeFiles({{"/proc/self/mountinfo", "24 23 0:21 / /etc rw - tmpfs tmpfs rw\n"}});
    EXPECT_EQ(run({"status"}).error().code(), Errc::not_found);
}

} // namespace
} // namespace holdfast::update
