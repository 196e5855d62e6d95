#include "boot/core/boot_attempt.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "boot/testing/test_disk.hpp"

#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

namespace holdfast::boot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Starts nothing, and looks at the disk at each attempt.
class FakeHost final : public BootHost {
public:
    explicit FakeHost(io::BlockDevice& disk) : disk_(disk) {}

    Fault start(const Slot& slot) override
    {
        std::array<std::byte, 512> sector{};
        if (!disk_.read(0, sector).has_value()) {
            return Fault::read_failed; // Power is off, nothing runs.
        }
        started += slot.letter();
        shown.push_back(slot.flags);
        on_disk.push_back(flags_on(disk_, slot.index));
        return Fault::bad_image;
    }
    void note(std::string_view what, Fault) override { notes.emplace_back(what); }
    void leave(const Slot& slot, Fault why) override { left.emplace_back(slot.letter(), why); }

    std::string started;
    std::vector<std::pair<char, Fault>> left;
    std::vector<SlotFlags> shown;
    std::vector<SlotFlags> on_disk;
    std::vector<std::string> notes;

private:
    io::BlockDevice& disk_;
};

class Boot : public ::testing::Test {
protected:
    Fault run(SlotFlags a, SlotFlags b)
    {
        device = make_disk(holdfast_layout(a, b));
        return run();
    }
    Fault run() { return boot(disk, *table, host); }

    io::FakeDisk device = make_disk(holdfast_layout({1, 0, true}, {2, 1, false}));
    BlockDeviceDisk disk{device};
    FakeHost host{device};
    std::unique_ptr<PartitionTable> table = std::make_unique<PartitionTable>();
};

TEST_F(Boot, SpendsTheTryBeforeItStartsATrialAndThenFallsBack)
{
    EXPECT_EQ(run(), Fault::bad_image);
    EXPECT_EQ(host.started, "BA");
    EXPECT_THAT(host.on_disk, ElementsAre(SlotFlags{2, 0, false}, SlotFlags{1, 0, true}));
    EXPECT_EQ(host.shown, host.on_disk);
    EXPECT_THAT(host.left, ElementsAre(std::pair('B', Fault::bad_image),
                                       std::pair('A', Fault::bad_image)));
    EXPECT_TRUE(is_healthy(device));
}

TEST_F(Boot, SpendsTriesOfEachSetThatIsStarted)
{
    run({1, 3, true}, {2, 2, false});
    EXPECT_THAT(host.on_disk, ElementsAre(SlotFlags{2, 1, false}, SlotFlags{1, 2, true}));
    EXPECT_EQ(flags_on(device, boot_b), (SlotFlags{2, 1, false}));
}

TEST_F(Boot, OfADiskThatGrewMovesTheBackupThoughThereIsNoTryToSpend)
{
    device = make_disk(holdfast_layout({1, 0, true}, {0, 0, false}));
    auto content = device.content();
    content.resize(content.size() * 2);
    device.set_content(std::move(content));
    run();
    EXPECT_TRUE(is_healthy(device));
    EXPECT_THAT(host.notes, IsEmpty());
}

TEST_F(Boot, WritesNothingWhenThereIsNoTryToSpend)
{
    device = make_disk(holdfast_layout({1, 0, true}, {0, 0, false}));
    const int before = device.steps_done();
    run();
    EXPECT_EQ(host.started, "A");
    EXPECT_EQ(device.steps_done(), before);
}

TEST_F(Boot, SaysThatNothingIsBootable)
{
    EXPECT_EQ(run({0, 1, true}, {2, 0, false}), Fault::nothing_bootable);
    EXPECT_THAT(host.started, IsEmpty());
}

TEST_F(Boot, RepairsADamagedTableFirst)
{
    damage(device, 1);
    run();
    EXPECT_EQ(host.started, "BA");
    EXPECT_THAT(host.notes.front(), HasSubstr("primary partition table is damaged"));
    EXPECT_TRUE(is_healthy(device));
    EXPECT_EQ(flags_on(device, boot_b), (SlotFlags{2, 0, false}));
}

TEST_F(Boot, StartsNoTrialWhoseTryCannotBeSpent)
{
    device.refuse_writes(0, 399);
    run();
    EXPECT_EQ(host.started, "A");
    EXPECT_EQ(host.left.front(), std::pair('B', Fault::write_failed));
}

TEST_F(Boot, StartsASuccessfulSetEvenFromADiskThatCannotBeWritten)
{
    device = make_disk(holdfast_layout({1, 2, true}, {0, 0, false}));
    damage(device, 1);
    device.refuse_writes(0, 399);
    run();
    EXPECT_EQ(host.started, "A");
}

TEST_F(Boot, KnowsDisksWithOneSet)
{
    auto layout = holdfast_layout({1, 0, true}, {});
    layout.erase(layout.begin() + boot_b, layout.begin() + boot_b + 3);
    device = make_disk(layout);
    run();
    EXPECT_EQ(host.started, "A");
}

TEST_F(Boot, GivesUpWithoutATable)
{
    device.set_content(std::vector<std::byte>(400 * 512));
    EXPECT_EQ(run(), Fault::no_table);
    EXPECT_THAT(host.started, IsEmpty());
}

TEST_F(Boot, NeverStartsATrialTwiceHoweverPowerGoes)
{
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        for (int step = 0; step < 8; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            auto cut_device = make_disk(holdfast_layout({1, 0, true}, {2, 1, false}), seed);
            BlockDeviceDisk cut_disk(cut_device);
            FakeHost first(cut_device);
            cut_device.cut_power_after(step);
            boot(cut_disk, *table, first);
            cut_device.restart();

            FakeHost second(cut_device);
            boot(cut_disk, *table, second);
            const auto all = first.started + second.started;
            EXPECT_LE(std::count(all.begin(), all.end(), 'B'), 1);
            EXPECT_TRUE(second.started.ends_with('A')) << "there is always a way to boot";
            EXPECT_TRUE(first.started != "BA" || second.started == "A");
        }
    }
}

} // namespace
} // namespace holdfast::boot
