#include "store/migrations/migrate.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "store/power_cut_vfs.hpp"
#include "store/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::store::migrations {
namespace {

using ::testing::HasSubstr;

Version version(std::string_view text)
{
    return *Version::parse(text);
}

Step rename_step(const char* to_version, const char* from, const char* to)
{
    return *parse_step(std::string("names-") + to_version,
                       std::format("version = \"{}\"\n[[transforms]]\nkind = \"rename\"\n"
                                   "from = \"settings.{}\"\nto = \"settings.{}\"\n",
                                   to_version, from, to));
}

/// A machine with a disk below SQLite that can lose power, and files that can too.
class Machine : public ::testing::Test {
protected:
    Machine() { files.put_directory("/d"); }

    /// The store of a version as its server would open it in this boot.
    Result<Store> boot(const char* running, std::vector<Step> steps)
    {
        TRY_ASSIGN(const auto folder,
                   open_datastore(files, clock, datastore(running, std::move(steps))));
        return Store::open(folder, clock, disk.name());
    }
    Datastore datastore(const char* running, std::vector<Step> steps) const
    {
        return {.folder = "/d",
                .version = version(running),
                .steps = std::move(steps),
                .boot_id = boot_id,
                .vfs = disk.name()};
    }
    void reboot() { boot_id += "x"; }
    void succeed(const char* running)
    {
        ASSERT_TRUE(mark_proven(files, "/d", version(running)).has_value());
    }
    void set(Store& store, const std::string& key, const char* value)
    {
        ASSERT_TRUE(store.patch("t", {{key, value}}, {Source::api, "uid=0"}, Strength::strong)
                        .has_value());
        ASSERT_TRUE(store.commit("t").has_value());
    }

    io::FakeFiles files;
    io::FakeClock clock;
    PowerCutVfs disk{"migration-power-cut"};
    std::string boot_id = "boot";
    const std::vector<Step> to_1_1{rename_step("1.1.0", "a", "b")};
    const std::vector<Step> to_1_2{rename_step("1.1.0", "a", "b"),
                                   rename_step("1.2.0", "b", "c")};
};

TEST_F(Machine, MigratesAtTheFirstBootAndKeepsTheOldStore)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    reboot();
    EXPECT_EQ(boot("1.1.0", to_1_1)->live_values(), (Values{{"settings.b", "1"}}));
    reboot(); // Not successful: back to the old version, with its old settings.
    EXPECT_EQ(boot("1.0.0", {})->live_values(), (Values{{"settings.a", "1"}}));
}

TEST_F(Machine, KeepsProvenanceAndTheLog)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    reboot();
    auto store = boot("1.1.0", to_1_1);
    EXPECT_EQ(store->live().at("settings.b").provenance.who, "uid=0");
    EXPECT_EQ(store->changes(10)->front().key, "settings.a");
}

TEST_F(Machine, SkipsNoStep)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    reboot();
    EXPECT_EQ(boot("1.2.0", to_1_2)->live_values(), (Values{{"settings.c", "1"}}));
}

TEST_F(Machine, GoesBackOnPurposeWithTheNewestSettings)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    reboot();
    set(*boot("1.2.0", to_1_2), "settings.c", "2");
    succeed("1.2.0");
    reboot();
    // 1.0.0 knows no step; the newer store brought them along.
    EXPECT_EQ(boot("1.0.0", {})->live_values(), (Values{{"settings.a", "2"}}));
    succeed("1.0.0");
    reboot();
    set(*boot("1.0.0", {}), "settings.a", "3");
    reboot();
    EXPECT_EQ(boot("1.2.0", to_1_2)->live_values(), (Values{{"settings.c", "3"}}));
}

TEST_F(Machine, GoesBackFromAVersionThatItWasInstalledWith)
{
    set(*boot("1.1.0", to_1_1), "settings.b", "1");
    reboot();
    EXPECT_EQ(boot("1.0.0", {})->live_values(), (Values{{"settings.a", "1"}}));
}

TEST_F(Machine, KeepsWhatIsSetDuringTheTrialOverARestartOfTheServer)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    reboot();
    set(*boot("1.1.0", to_1_1), "settings.b", "2");
    EXPECT_EQ(boot("1.1.0", to_1_1)->live_values(), (Values{{"settings.b", "2"}}));
    reboot(); // A second trial begins afresh.
    EXPECT_EQ(boot("1.1.0", to_1_1)->live_values(), (Values{{"settings.b", "1"}}));
}

TEST_F(Machine, FailsWithTheOldStoreUntouched)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    reboot();
    files.put("/d/proven", "nonsense");
    EXPECT_THAT(boot("1.1.0", to_1_1).error().message(), HasSubstr("expected a version"));
    files.put("/d/proven", "1.0.0\n");
    EXPECT_EQ(boot("1.0.0", {})->live_values(), (Values{{"settings.a", "1"}}));

    files.put("/usr/share/holdfast/migrations/bad.toml", "version = 1");
    EXPECT_FALSE(read_steps(files, steps_folder).has_value());
}

TEST_F(Machine, ReadsTheImagesSteps)
{
    EXPECT_TRUE(read_steps(files, steps_folder)->empty());
    files.put("/usr/share/holdfast/migrations/names.toml", "version = \"1.1.0\"\ntransforms = []");
    files.put("/usr/share/holdfast/migrations/README.md", "");
    const auto steps = read_steps(files, steps_folder);
    ASSERT_EQ(steps->size(), 1);
    EXPECT_EQ(steps->front().name, "names");
}

class MigrationPowerCut : public Machine, public ::testing::WithParamInterface<Leftover> {};

TEST_P(MigrationPowerCut, LeavesTheOldStoreAndMigratesTheNextTime)
{
    set(*boot("1.0.0", {}), "settings.a", "1");
    bool finished = false;
    int step = 0;
    for (; !finished; ++step) {
        SCOPED_TRACE(step);
        ASSERT_LT(step, 1000);
        reboot();
        disk.cut_power_after(step);
        finished = open_datastore(files, clock, datastore("1.1.0", to_1_1)).has_value();
        disk.cut_power_after(0);
        disk.restart(GetParam(), static_cast<std::uint32_t>(step));

        reboot();
        EXPECT_EQ(boot("1.0.0", {})->live_values(), (Values{{"settings.a", "1"}}));
        EXPECT_EQ(boot("1.1.0", to_1_1)->live_values(), (Values{{"settings.b", "1"}}));
    }
    EXPECT_GT(step, 10) << "a migration has several steps, or this test cuts nothing";
}

INSTANTIATE_TEST_SUITE_P(Disks, MigrationPowerCut,
                         ::testing::Values(Leftover::nothing, Leftover::everything,
                                           Leftover::some));

} // namespace
} // namespace holdfast::store::migrations
