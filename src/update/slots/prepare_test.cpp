#include "update/blocks/verity.hpp"
#include "update/testing/test_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::update {
namespace {

using boot::SlotFlags;
using ::testing::HasSubstr;

constexpr std::uint64_t first_sector = 6; // Behind the table.
constexpr std::uint64_t sectors_of_partition = 40 * 8;
constexpr SlotFlags proved{1, 0, true};
constexpr SlotFlags cleared{0, 0, false};
constexpr SlotFlags valid{0, 1, false};

/// Version 1.0.0, and 1.1.0 in which two blocks were inserted, one was changed, and one that was
/// there once is there twice.
const TestRelease& old_release()
{
    static const auto made = make_release(
        {.name = "1.0.0", .boot = numbers(100, 109), .root = joined({numbers(1, 30), {0, 31}})});
    return made;
}

const TestRelease& new_release()
{
    static const auto made = make_release(
        {.name = "1.1.0",
         .boot = joined({{200}, numbers(101, 109)}),
         .root = joined(
             {numbers(1, 9), {50, 51}, numbers(10, 19), {52}, numbers(21, 30), {0, 0, 31, 31}})});
    return made;
}

class Prepare : public ::testing::Test {
protected:
    Prepare()
    {
        machine.install(SlotName::a, old_release());
        machine.fill_with_garbage(SlotName::b);
        serve(server, new_release());
    }

    Result<Prepared> run(const Release& release = new_release().release, const Watch& watch = {})
    {
        const auto signpost = machine.signpost();
        return prepare(machine.for_update(signpost), release, server, watch,
                       {.blocks_per_request = 8, .blocks_per_flush = 8, .blocks_per_window = 7});
    }

    SlotFlags flags_of_b() { return boot::flags_on(machine.disk(), boot::boot_b); }

    TestMachine machine;
    io::FakeHttpClient server;
};

TEST_F(Prepare, BringsTheReleaseAndLeavesTheActiveSetAlone)
{
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
    EXPECT_TRUE(machine.holds(SlotName::a, old_release()));
    EXPECT_EQ(flags_of_b(), valid);
    EXPECT_EQ(boot::flags_on(machine.disk(), boot::boot_a), proved);
}

TEST_F(Prepare, FetchesOnlyWhatThisMachineDoesNotHave)
{
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value());
    const auto& progress = prepared->progress;
    // Two blocks and one of ROOT, one of BOOT.
    EXPECT_EQ(server.body_bytes, new_release().blocks.size() + 4 * block_bytes);
    EXPECT_EQ(progress.bytes_fetched, 4 * block_bytes);
    EXPECT_EQ(progress.bytes_kept, new_release().hash.size()) << "the tree that was built";
    EXPECT_EQ(progress.bytes_done, progress.bytes_total);
    EXPECT_EQ(progress.wire_bytes, server.body_bytes + 500 * server.requests.size());
    EXPECT_EQ(server.requests.size(), 4U) << "the list, two ranges of ROOT, one of BOOT";
}

TEST_F(Prepare, FetchesTheTreeAndAllOfBootWithoutABlockList)
{
    auto release = new_release().release;
    release.blocks.reset();
    const auto prepared = run(release);
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
    EXPECT_EQ(server.body_bytes,
              new_release().hash.size() + 3 * block_bytes + new_release().boot.size());
}

TEST_F(Prepare, GoesOnWithoutABlockListThatIsBadAndSaysSo)
{
    for (const bool damaged : {false, true}) {
        auto& list = server.files[new_release().release.blocks->url];
        damaged ? void(list[600] ^= std::byte{1}) : list.resize(100);
        const auto prepared = run();
        ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
        EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
        ASSERT_TRUE(prepared->list_problem.has_value());
        EXPECT_EQ(prepared->list_problem->code(), Errc::corrupt);
        list = new_release().blocks;
        machine.fill_with_garbage(SlotName::b);
    }
}

TEST_F(Prepare, TakesWholeFilesFromAServerThatGivesNoParts)
{
    server.gives_ranges = false;
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
    EXPECT_EQ(server.body_bytes,
              new_release().blocks.size() + new_release().root.size() + new_release().boot.size());
}

TEST_F(Prepare, FetchesNothingTwiceAfterAnInterruption)
{
    for (const std::uint64_t after : {1'000U, 5'000U, 10'000U, 16'000U}) {
        machine.fill_with_garbage(SlotName::b);
        server.body_bytes = 0;
        server.breaks_after = after;
        const auto broken = run();
        ASSERT_FALSE(broken.has_value());
        EXPECT_EQ(broken.error().code(), Errc::io);
        EXPECT_TRUE(flags_of_b() == cleared);
        const auto first = server.body_bytes;

        server.breaks_after.reset();
        const auto prepared = run();
        ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
        EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
        // The list comes again, and the block that was cut into.
        EXPECT_LE(server.body_bytes,
                  new_release().blocks.size() + 4 * block_bytes +
                      std::min<std::uint64_t>(first, new_release().blocks.size()) + block_bytes);
    }
}

TEST_F(Prepare, FetchesNothingButTheListWhenAllIsInPlace)
{
    machine.install(SlotName::b, new_release());
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value());
    EXPECT_EQ(prepared->progress.bytes_kept, prepared->progress.bytes_total);
    EXPECT_EQ(server.body_bytes, new_release().blocks.size());
}

TEST_F(Prepare, ReusesBlocksWhenTheSaltIsAnother)
{
    const auto release = make_release({.name = "1.2.0",
                                       .boot = numbers(100, 109),
                                       .root = joined({{60}, numbers(1, 30)}),
                                       .salt = 9});
    serve(server, release);
    const auto prepared = run(release.release);
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, release));
    EXPECT_EQ(prepared->progress.bytes_fetched, block_bytes);
}

TEST_F(Prepare, FetchesEverythingWhenTheActiveSetIsOfNoUse)
{
    machine.fill_with_garbage(SlotName::a);
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
    EXPECT_EQ(prepared->progress.bytes_copied, 2 * block_bytes) << "two blocks of zeros";
    EXPECT_EQ(prepared->progress.bytes_kept, new_release().hash.size())
        << "the tree that was built";
}

TEST_F(Prepare, DoesNotTrustTheActiveSet)
{
    // The tree of A still promises block 5, but the partition holds another.
    auto root = machine.devices(SlotName::a);
    ASSERT_TRUE(root.root.write(4 * block_bytes, block_content(77)).has_value());
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
    EXPECT_EQ(prepared->progress.bytes_fetched, 5 * block_bytes);
}

TEST_F(Prepare, FetchesWhatTheActiveSetCanNoLongerRead)
{
    // The fourth partition; its blocks 3 and 4.
    const std::uint64_t root_a = first_sector + 3 * sectors_of_partition;
    machine.disk().refuse_reads(root_a + 3 * 8, root_a + 5 * 8 - 1);
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
    EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
    EXPECT_EQ(prepared->progress.bytes_fetched, 6 * block_bytes);
}

TEST_F(Prepare, RefusesBytesThatAreNotTheReleases)
{
    struct Case {
        std::string url;
        std::size_t offset;
    };
    const auto& release = new_release().release;
    for (const auto& [url, offset] :
         {Case{release.root.url, 10 * block_bytes + 7}, Case{release.boot.url, block_bytes + 7}}) {
        machine.fill_with_garbage(SlotName::b);
        server.files[url][offset] ^= std::byte{1};
        const auto prepared = run();
        ASSERT_FALSE(prepared.has_value());
        EXPECT_EQ(prepared.error().code(), Errc::corrupt);
        EXPECT_THAT(prepared.error().message(), HasSubstr("is not what the release says"));
        EXPECT_EQ(flags_of_b(), cleared);
        server.files[url][offset] ^= std::byte{1};
    }
}

TEST_F(Prepare, RefusesAFileThatEndsTooSoon)
{
    server.files[new_release().release.root.url].resize(10 * block_bytes);
    const auto prepared = run();
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().code(), Errc::corrupt);
    EXPECT_EQ(flags_of_b(), cleared);
}

TEST_F(Prepare, FetchesAllOfAnImageWhoseMapIsWrong)
{
    // A list that was signed and is wrong in a key: no machine may end without the update.
    auto wrong = new_release();
    const auto other = make_release(
        {.name = "1.1.0",
         .boot = joined({{200}, numbers(101, 109)}),
         .root = joined(
             {numbers(1, 9), {49, 51}, numbers(10, 19), {52}, numbers(21, 30), {0, 0, 31, 31}})});
    wrong.release.blocks = other.release.blocks;
    wrong.release.root.url = "http://updates/mixed/root";
    serve(server, wrong);
    server.files[other.release.blocks->url] = other.blocks;
    // A server's copy that fits the list: only the hash of the whole image can object.
    const auto right = server.files[wrong.release.root.url];
    server.files[wrong.release.root.url] = other.root;
    const auto refused = run(wrong.release);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Errc::corrupt);
    EXPECT_EQ(flags_of_b(), cleared);

    // The image itself, which the list objects to.
    server.files[wrong.release.root.url] = right;
    const auto taken = run(wrong.release);
    ASSERT_TRUE(taken.has_value()) << taken.error().message();
    EXPECT_NE(flags_of_b(), cleared);
}

TEST_F(Prepare, RefusesWhatDoesNotFitBeforeAnythingIsChanged)
{
    const auto before = machine.disk().content();
    const auto huge =
        make_release({.name = "2.0.0", .boot = numbers(1, 2), .root = numbers(1, 65)});
    serve(server, huge);
    const auto prepared = run(huge.release);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().code(), Errc::too_large);
    EXPECT_THAT(prepared.error().message(), HasSubstr("2.0.0-root has 266240 bytes"));
    EXPECT_TRUE(machine.disk().content() == before);
    EXPECT_TRUE(server.requests.empty());
}

TEST_F(Prepare, RefusesAReleaseThatDoesNotFitTogetherBeforeAnythingIsChanged)
{
    const auto before = machine.disk().content();
    auto release = new_release().release;
    release.hash.length += block_bytes;
    const auto prepared = run(release);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().code(), Errc::corrupt);
    EXPECT_TRUE(machine.disk().content() == before);
    EXPECT_TRUE(server.requests.empty());
}

TEST_F(Prepare, RefusesATreeThatIsForAnotherRoot)
{
    // As large as the right one would be, so that only the tree itself can tell.
    auto release = new_release().release;
    release.root.length -= block_bytes;
    const auto prepared = run(release);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().code(), Errc::corrupt);
    EXPECT_THAT(prepared.error().message(), HasSubstr("a tree over 36 blocks, but root has"));
    EXPECT_EQ(flags_of_b(), cleared);
}

TEST_F(Prepare, LeavesTheInactiveSetAsItWasWhenTheServerIsGone)
{
    // Somebody may still want to go back to it.
    machine.install(SlotName::b, old_release());
    const auto before = machine.disk().content();
    for (const std::uint64_t after : {0U, 100U}) {
        server.breaks_after = after;
        const auto prepared = run();
        ASSERT_FALSE(prepared.has_value());
        EXPECT_EQ(prepared.error().code(), Errc::io);
        EXPECT_TRUE(machine.disk().content() == before);
    }
}

TEST_F(Prepare, TakesTheTreeWhereTheHashPartitionHasNoRoomForTheListBesideWhatLiesThere)
{
    // 40 blocks of partition; a tree that claims 39 or 40 of them leaves one for the list, or none.
    struct Case {
        std::uint64_t blocks_of_root;
        bool has_room;
    };
    for (const auto& [blocks_of_root, has_room] : {Case{37 * 128, true}, Case{38 * 128, false}}) {
        machine.fill_with_garbage(SlotName::b);
        const auto superblock = encode_verity_superblock({.data_blocks = blocks_of_root});
        ASSERT_TRUE(
            machine.devices(SlotName::b).hash.write(0, superblock).has_value());
        const auto prepared = run();
        ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
        EXPECT_TRUE(machine.holds(SlotName::b, new_release()));
        EXPECT_EQ(prepared->list_problem.has_value(), !has_room);
    }
}

TEST_F(Prepare, TakesTheTreeWhereThePartitionDoesNotKeepTheList)
{
    // The eighth partition; its last block.
    const std::uint64_t behind_hash_b = first_sector + 8 * sectors_of_partition;
    for (const auto refuse : {&io::FakeDisk::refuse_writes, &io::FakeDisk::refuse_reads}) {
        TestMachine worn;
        worn.install(SlotName::a, old_release());
        worn.fill_with_garbage(SlotName::b);
        (worn.disk().*refuse)(behind_hash_b - 8, behind_hash_b - 1);
        const auto signpost = worn.signpost();
        const auto prepared = prepare(worn.for_update(signpost), new_release().release, server);
        ASSERT_TRUE(prepared.has_value()) << prepared.error().message();
        EXPECT_TRUE(worn.holds(SlotName::b, new_release()));
        ASSERT_TRUE(prepared->list_problem.has_value());
        EXPECT_THAT(prepared->list_problem->message(), HasSubstr("does not keep the block list"));
    }
}

TEST_F(Prepare, RefusesWhileTheRunningSetHasNotProvedItself)
{
    // B is on trial, and A is what the machine falls back to.
    TestMachine trial(0, proved, {2, 0, false});
    const auto signpost = trial.signpost(SlotName::b);
    const auto prepared =
        prepare(trial.for_update(signpost, SlotName::b), new_release().release, server);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().code(), Errc::conflict);
    EXPECT_EQ(boot::flags_on(trial.disk(), boot::boot_a), proved);
}

TEST_F(Prepare, KeepsWhatOthersWriteIntoTheTableMeanwhile)
{
    // The first boot of a machine, whose sets were never marked.
    ASSERT_FALSE(machine.signpost().has_boot_ever_succeeded());
    Watch watch;
    watch.report = [&](const Progress&) {
        ASSERT_TRUE(machine.signpost().mark_successful_boot().has_value());
    };
    ASSERT_TRUE(run(new_release().release, watch).has_value());
    EXPECT_TRUE(machine.signpost().has_boot_ever_succeeded());
    EXPECT_EQ(flags_of_b(), valid);
}

TEST_F(Prepare, LeavesASetAloneThatTheRunningOneHasGivenWayToMeanwhile)
{
    TestMachine fallen(0, {2, 0, true}, {1, 0, true});
    fallen.install(SlotName::a, old_release());
    fallen.install(SlotName::b, old_release());
    const auto signpost = fallen.signpost();
    Watch watch;
    watch.report = [&](const Progress&) { // When the list is here, and nothing is changed yet.
        ASSERT_TRUE(fallen.signpost().fall_back_to_inactive().has_value());
    };
    const auto prepared =
        prepare(fallen.for_update(signpost), new_release().release, server, watch);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().code(), Errc::conflict);
    EXPECT_TRUE(fallen.holds(SlotName::b, old_release()));
    EXPECT_EQ(fallen.signpost().next(), SlotName::b);
}

TEST_F(Prepare, EndsWhenItIsCancelledAndGoesOnLater)
{
    int questions = 0;
    Watch watch;
    watch.is_cancelled = [&] { return ++questions > 40; };
    const auto cancelled = run(new_release().release, watch);
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code(), Errc::conflict);
    EXPECT_EQ(flags_of_b(), cleared);
    const auto prepared = run();
    ASSERT_TRUE(prepared.has_value());
    EXPECT_GT(prepared->progress.bytes_kept, 0U);
}

TEST_F(Prepare, ReportsProgressThatOnlyGrowsAndEndsAtTheTotal)
{
    std::vector<Progress> reports;
    Watch watch;
    watch.report = [&](const Progress& progress) { reports.push_back(progress); };
    ASSERT_TRUE(run(new_release().release, watch).has_value());
    ASSERT_GT(reports.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(reports, {}, &Progress::bytes_done));
    EXPECT_EQ(reports.back().bytes_done, reports.back().bytes_total);
    EXPECT_EQ(reports.back().bytes_total,
              new_release().root.size() + new_release().boot.size() + new_release().hash.size());
}

TEST_F(Prepare, DoesNotMarkASetValidThatTheDiskDidNotKeep)
{
    const std::uint64_t root_b = first_sector + 6 * sectors_of_partition;
    machine.disk().refuse_writes(root_b + 10 * 8, root_b + 11 * 8 - 1);
    EXPECT_FALSE(run().has_value());
    EXPECT_EQ(flags_of_b(), cleared);
}

TEST_F(Prepare, IsFollowedByActivateDeactivateAndRollback)
{
    ASSERT_TRUE(run().has_value());
    auto signpost = machine.signpost();
    EXPECT_EQ(deactivate(signpost).error().code(), Errc::conflict) << "nothing is activated";
    ASSERT_TRUE(activate(signpost).has_value());
    EXPECT_EQ(signpost.next(), SlotName::b);
    EXPECT_EQ(activate(signpost).error().code(), Errc::conflict) << "it is already";
    ASSERT_TRUE(deactivate(signpost).has_value());
    EXPECT_EQ(signpost.next(), SlotName::a);
    ASSERT_TRUE(activate(signpost).has_value());

    // The new set boots, proves itself, and is left again on purpose.
    boot::change_attributes(machine.disk(), boot::boot_b, boot::with_slot_flags(0, {2, 0, false}));
    auto after_boot = machine.signpost(SlotName::b);
    ASSERT_TRUE(after_boot.mark_successful_boot().has_value());
    ASSERT_TRUE(rollback(after_boot).has_value());
    EXPECT_EQ(after_boot.next(), SlotName::a);
}

TEST(BootChoice, SaysWhyThereIsNothingToGoBackTo)
{
    for (const auto& [flags, why] :
         {std::pair{cleared, "Set B holds no version that has worked"},
          std::pair{valid, "Set B holds an update that has not been tried yet"}}) {
        TestMachine machine(0, proved, flags);
        const auto checked = check_rollback(machine.signpost());
        ASSERT_FALSE(checked.has_value());
        EXPECT_THAT(checked.error().message(), HasSubstr(why));
    }
}

/// What may be done to the other set while A runs, and what its flags are then.
struct FlagCase {
    const char* what;
    SlotFlags a;
    SlotFlags b;
    std::optional<SlotFlags> deactivated; ///< Of B; nothing where it is refused.
    std::optional<SlotFlags> rolled_back;
};

TEST(BootChoice, IsChangedOnlyWhereThatMakesSense)
{
    constexpr SlotFlags good{2, 0, true};
    for (const auto& [what, a, b, deactivated, rolled_back] : {
             FlagCase{"nothing else", good, cleared, {}, {}},
             FlagCase{"prepared", good, valid, {}, {}},
             FlagCase{"activated", proved, {2, 1, false}, valid, {}},
             FlagCase{"a version to go back to", good, proved, {}, good},
             FlagCase{"gone back", proved, good, proved, good},
             FlagCase{"left after its trial", proved, {2, 0, false}, {}, {}},
             FlagCase{"in a trial", {2, 0, false}, proved, {}, good},
             FlagCase{"at priority 0", good, {0, 0, true}, {}, good},
         }) {
        SCOPED_TRACE(what);
        using Change = Result<void> (*)(Signpost&);
        const auto flags_after = [&](Change change) -> std::optional<SlotFlags> {
            TestMachine machine(0, a, b);
            auto signpost = machine.signpost();
            const auto done = change(signpost);
            EXPECT_TRUE(done.has_value() || done.error().code() == Errc::conflict);
            const auto after = boot::flags_on(machine.disk(), boot::boot_b);
            EXPECT_TRUE(done.has_value() || after == b) << "a refusal changes nothing";
            return done.has_value() ? std::optional(after) : std::nullopt;
        };
        EXPECT_EQ(flags_after(deactivate), deactivated);
        EXPECT_EQ(flags_after(rollback), rolled_back);
    }
}

} // namespace
} // namespace holdfast::update
