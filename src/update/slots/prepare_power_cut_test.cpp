// The proof that an update survives a power cut at any instant: the real code from `prepare` down
// to the partition table, on a disk that loses, reorders and tears what was not flushed.

#include "boot/core/boot_attempt.hpp"
#include "boot/hosted/block_device_disk.hpp"
#include "update/blocks/block_map.hpp"
#include "update/testing/test_machine.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace holdfast::update {
namespace {

using boot::SlotFlags;

/// Stands where UEFI and the kernel are: a set starts when all its bytes are those of a release.
class CheckingHost final : public boot::BootHost {
public:
    CheckingHost(TestMachine& machine, std::span<const TestRelease* const> releases)
        : machine_(machine), releases_(releases)
    {
    }

    boot::Fault start(const boot::Slot& slot) override
    {
        const auto name = slot.number == 0 ? SlotName::a : SlotName::b;
        for (const auto* release : releases_) {
            if (!booted && machine_.holds(name, *release)) {
                booted = name;
                running = release;
            }
        }
        // The first choice must be good already: nothing here may rest on the fall-back.
        is_first_choice = is_first_choice && booted.has_value();
        return boot::Fault::came_back;
    }
    void note(std::string_view, boot::Fault) override {}
    void leave(const boot::Slot&, boot::Fault) override {}

    std::optional<SlotName> booted;
    const TestRelease* running = nullptr;
    bool is_first_choice = true;

private:
    TestMachine& machine_;
    std::span<const TestRelease* const> releases_;
};

/// Where an update starts from, and what the server is like.
struct Scenario {
    const char* name;
    enum class InactiveSet { garbage, older_release, the_release_in_part } inactive;
    bool has_block_list = true;
    bool gives_ranges = true;
    std::uint32_t sector_size = 512;
};

void PrintTo(const Scenario& scenario, std::ostream* out)
{
    *out << scenario.name;
}

const TestRelease& left_over_release()
{
    static const auto made = make_release({.name = "0.9.0",
                                           .boot = numbers(300, 303),
                                           .root = joined({numbers(1, 5), numbers(80, 95)})});
    return made;
}

const TestRelease& running_release()
{
    static const auto made =
        make_release({.name = "1.0.0", .boot = numbers(100, 104), .root = numbers(1, 24)});
    return made;
}

const TestRelease& next_release()
{
    static const auto made = make_release(
        {.name = "1.1.0",
         .boot = joined({{200}, numbers(101, 104)}),
         .root = joined(
             {numbers(1, 6), {50, 51}, numbers(7, 14), {52, 53, 54}, numbers(17, 24), {0}})});
    return made;
}

class UpdatePowerCut : public ::testing::TestWithParam<Scenario> {
protected:
    UpdatePowerCut() { serve(server_, next_release()); }

    /// The disk before the update; made once, as it is the same for every point.
    static std::vector<std::byte> make_content()
    {
        TestMachine machine = make_empty_machine(0);
        machine.install(SlotName::a, running_release());
        machine.fill_with_garbage(SlotName::b);
        if (GetParam().inactive == Scenario::InactiveSet::older_release) {
            machine.install(SlotName::b, left_over_release());
        }
        if (GetParam().inactive == Scenario::InactiveSet::the_release_in_part) {
            machine.install(SlotName::b, next_release());
            const auto root = machine.devices(SlotName::b).root.write(0, content_of({90, 91, 92}));
            check(root.has_value(), "a fake disk can be written");
        }
        return machine.disk().content();
    }

    /// An older release is what the machine ran before and can still fall back to.
    static TestMachine make_empty_machine(std::uint64_t seed)
    {
        const bool has_fall_back = GetParam().inactive == Scenario::InactiveSet::older_release;
        return TestMachine(seed, {2, 0, true},
                           has_fall_back ? SlotFlags{1, 0, true} : SlotFlags{0, 1, false},
                           GetParam().sector_size);
    }

    TestMachine make_machine(std::uint64_t seed) const
    {
        auto machine = make_empty_machine(seed);
        machine.disk().set_content(content_);
        return machine;
    }

    /// What an operator does: prepare, activate.
    Result<void> update(TestMachine& machine)
    {
        auto release = next_release().release;
        if (!GetParam().has_block_list) {
            release.blocks.reset();
        }
        server_.gives_ranges = GetParam().gives_ranges;
        TRY(prepare(machine.for_update(machine.signpost()), release, server_, {}, limits_));
        auto signpost = machine.signpost();
        return activate(signpost);
    }

    static CheckingHost boot_machine(TestMachine& machine)
    {
        static const std::array<const TestRelease*, 2> good{&running_release(), &next_release()};
        CheckingHost host(machine, good);
        boot::BlockDeviceDisk disk(machine.disk());
        const auto table = std::make_unique<boot::PartitionTable>();
        (void)boot::boot(disk, *table, host);
        return host;
    }

    /// Updates with a cut after `step` writes and flushes; whether it went through.
    bool update_until_cut(TestMachine& machine, int step)
    {
        machine.disk().cut_power_after(step);
        const bool finished = update(machine).has_value();
        machine.disk().restart();
        return finished;
    }

    /// After a cut: a good set boots, the new one if success was reported; when the old one runs,
    /// the next update goes through.
    void expect_recovery(TestMachine& machine, bool finished)
    {
        const auto host = boot_machine(machine);
        ASSERT_TRUE(host.booted.has_value()) << "nothing boots any more";
        ASSERT_TRUE(host.is_first_choice) << "the first choice was not whole";
        ASSERT_TRUE(machine.holds(SlotName::a, running_release())) << "the active set was changed";
        if (boot::is_bootable(machine.signpost().partitions(SlotName::b).flags)) {
            ASSERT_TRUE(machine.holds(SlotName::b, left_over_release()) ||
                        machine.holds(SlotName::b, next_release()))
                << "the machine would fall back to a set that is damaged";
        }
        if (finished) {
            ASSERT_EQ(host.booted, SlotName::b) << "success was reported, so it must last";
        }
        if (host.booted == SlotName::b) {
            ASSERT_EQ(host.running, &next_release());
            return;
        }
        ASSERT_TRUE(update(machine).has_value());
        const auto again = boot_machine(machine);
        ASSERT_EQ(again.booted, SlotName::b);
        ASSERT_EQ(again.running, &next_release());
    }

    std::vector<std::byte> content_ = make_content();
    io::FakeHttpClient server_;
    Limits limits_{.blocks_per_request = 2, .blocks_per_flush = 5, .blocks_per_window = 9};
};

int points = 0;

TEST_P(UpdatePowerCut, LeavesAMachineThatBootsAndCanBeUpdatedAtEveryStep)
{
    constexpr std::uint64_t seeds = 6;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        bool finished = false;
        for (int step = 0; !finished; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            auto machine = make_machine(seed * 1000 + static_cast<std::uint64_t>(step));
            finished = update_until_cut(machine, step);
            points += finished ? 0 : 1;
            expect_recovery(machine, finished);
            ASSERT_FALSE(HasFatalFailure());
        }
    }
}

TEST_P(UpdatePowerCut, AlsoWhenTheAttemptAfterItIsCutTooAtEveryStep)
{
    for (const int first_step : {9, 17, 24}) {
        bool finished = false;
        for (int step = 0; !finished; ++step) {
            SCOPED_TRACE(testing::Message() << "steps " << first_step << " and " << step);
            auto machine = make_machine(static_cast<std::uint64_t>(step));
            ASSERT_FALSE(update_until_cut(machine, first_step));
            finished = update_until_cut(machine, step);
            points += finished ? 0 : 1;
            expect_recovery(machine, finished);
            ASSERT_FALSE(HasFatalFailure());
        }
    }
}

/// Whatever a power cut cannot take back comes over the wire once.
class DownloadPowerCut : public UpdatePowerCut {
protected:
    DownloadPowerCut() { limits_.blocks_per_request = limits_.blocks_per_flush = 1; }
};

TEST_P(DownloadPowerCut, CostsTheListAndWhatWasNotFlushed)
{
    auto machine = make_machine(0);
    ASSERT_TRUE(update(machine).has_value());
    const auto at_once = server_.body_bytes;
    const auto list = next_release().blocks.size();
    ASSERT_GT(at_once, list + 5 * block_bytes);

    bool finished = false;
    for (int step = 0; !finished; ++step) {
        SCOPED_TRACE(step);
        machine = make_machine(static_cast<std::uint64_t>(step));
        server_.body_bytes = 0;
        finished = update_until_cut(machine, step);
        if (!finished) {
            ASSERT_TRUE(update(machine).has_value());
        }
        // The block that was on its way to the disk, and the one that was on its way here.
        ASSERT_LE(server_.body_bytes, at_once + list + 2 * block_bytes);
    }
}

using InactiveSet = Scenario::InactiveSet;

INSTANTIATE_TEST_SUITE_P(Scenarios, DownloadPowerCut,
                         ::testing::Values(Scenario{"first update", InactiveSet::garbage}));

INSTANTIATE_TEST_SUITE_P(
    Scenarios, UpdatePowerCut,
    ::testing::Values(Scenario{"first update", InactiveSet::garbage},
                      Scenario{"over an older release", InactiveSet::older_release},
                      Scenario{"after an interruption", InactiveSet::the_release_in_part},
                      Scenario{"without a block list", InactiveSet::older_release, false},
                      Scenario{"server without ranges", InactiveSet::garbage, true, false},
                      Scenario{"neither", InactiveSet::garbage, false, false},
                      Scenario{"sectors of 4096", InactiveSet::older_release, true, true, 4096}));

/// Prints the sum once all is done, for the record.
class PrintPoints final : public ::testing::Environment {
public:
    void TearDown() override
    {
        const bool held = ::testing::UnitTest::GetInstance()->Passed();
        std::printf("power-cut points: %d, %s\n", points, held ? "all held" : "NOT all held");
    }
};
const auto* const print_points =
    ::testing::AddGlobalTestEnvironment(new PrintPoints); // NOLINT: gtest owns it.

} // namespace
} // namespace holdfast::update
