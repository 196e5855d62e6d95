#include "store/migration/migrate.hpp"

#include "io/posix/posix_system.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "store/migration/image.hpp"
#include "store/reserve.hpp"
#include "store/store.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>

namespace holdfast::store {
namespace {

using io::Unflushed;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path folder = "/var/lib/bottlerocket/datastore";
const auto live = folder / "current/settings.sqlite";

Version version(std::string_view text)
{
    return *Version::parse(text);
}

Result<void> nothing_to_recover(const std::filesystem::path&)
{
    return {};
}

/// An image that takes all but these.
Hooks refusing(const Values& refused)
{
    return {nothing_to_recover, [refused](const Values& values) {
                std::map<std::string, std::string> found;
                for (const auto& [key, value] : refused) {
                    if (values.contains(key) && values.at(key) == value) {
                        found[key] = key + ": not this";
                    }
                }
                return found;
            }};
}

const Hooks hooks = refusing({});

std::vector<Migration> known()
{
    std::vector<Migration> migrations;
    for (const auto* text : {R"(version = "1.1.0"
name = "greeting"
[[step]]
kind = "rename"
from = "settings.motd"
to = "settings.greeting"
[[step]]
kind = "default"
key = "settings.ntp.options"
before = ["iburst"]
after = ["iburst", "minpoll 4"]
)",
                             R"(version = "1.2.0"
name = "more"
[[step]]
kind = "map"
key = "settings.kernel.lockdown"
values = [{ before = "on", after = "integrity" }, { before = "integrity", after = "strict" }]
[[step]]
kind = "remove"
key = "settings.host-containers.*.legacy"
[[step]]
kind = "move"
from = "settings.host-containers"
to = "settings.containers.host"
)"}) {
        auto migration = parse_migration(text);
        EXPECT_TRUE(migration.has_value()) << migration.error().message();
        migrations.push_back(*std::move(migration));
    }
    return migrations;
}

/// The file of a store to which `fill` was done.
std::string store_with(const std::function<void(Store&)>& fill)
{
    io::FakeClock clock;
    std::string pattern = testing::TempDir() + "holdfast-migrate-XXXXXX";
    const std::filesystem::path directory = ::mkdtemp(pattern.data());
    {
        auto store = Store::open(directory, clock);
        EXPECT_TRUE(store.has_value());
        fill(*store);
    }
    io::PosixFiles files;
    auto bytes = files.read(directory / "settings.sqlite", 1U << 20U);
    std::filesystem::remove_all(directory);
    EXPECT_TRUE(bytes.has_value());
    return bytes.has_value() ? *std::move(bytes) : "";
}

void set_by_api(Store& store, const Values& values)
{
    EXPECT_TRUE(store.patch("t", values, {Source::api, "uid=0"}, Strength::strong).has_value());
    EXPECT_TRUE(store.commit("t").has_value());
}

/// A store as a server of version 1.0.0 leaves it.
std::string store_bytes()
{
    return store_with([](Store& store) {
        EXPECT_TRUE(store.adopt_image("1.0.0 0123abcd", {{"settings.motd", "\"default\""},
                                                         {"settings.ntp.options", R"(["iburst"])"}})
                        .has_value());
        set_by_api(store, {{"settings.motd", "\"mine\""},
                           {"settings.kernel.lockdown", "\"on\""},
                           {"settings.host-containers.admin.enabled", "true"},
                           {"settings.host-containers.admin.legacy", "7"},
                           {"settings.host-containers.\"a.b\".source", "\"x\""}});
    });
}

/// What counts in a store's file.
std::map<std::string, std::string> values_in(const std::string& bytes)
{
    const auto image = read_store(bytes);
    EXPECT_TRUE(image.has_value()) << image.error().message();
    std::map<std::string, std::string> values;
    for (const auto& [place, stored] : image->rows) {
        values.insert_or_assign(place.first, stored.value); // Sources in ascending order.
    }
    return values;
}

class Migrate : public testing::Test {
protected:
    Migrate() { files_.put(live, original_, 0600); }

    Migrated to(std::string_view text)
    {
        auto migrated = migrate(files_, hooks, folder, version(text), known());
        EXPECT_TRUE(migrated.has_value()) << migrated.error().message();
        return migrated.has_value() ? *std::move(migrated) : Migrated{};
    }
    std::map<std::string, std::string> values() { return values_in(*files_.read(live)); }

    std::string original_ = store_bytes();
    io::FakeFiles files_;
};

TEST_F(Migrate, DoesNothingAtTheSameVersionOrWithoutAStore)
{
    EXPECT_FALSE(to("1.0.0").from.has_value());
    EXPECT_EQ(*files_.read(live), original_);
    io::FakeFiles empty;
    const auto none = migrate(empty, hooks, folder, version("1.0.0"), known());
    ASSERT_TRUE(none.has_value());
    EXPECT_FALSE(none->from.has_value());
}

TEST_F(Migrate, RunsEachStepOfSkippedVersionsAndKeepsTheOldStore)
{
    const auto migrated = to("1.3.0");
    EXPECT_EQ(migrated.from->str(), "1.0.0");
    EXPECT_EQ(migrated.forward, 2);
    const auto found = values();
    EXPECT_FALSE(found.contains("settings.motd"));
    EXPECT_EQ(found.at("settings.greeting"), "\"mine\"");
    EXPECT_EQ(found.at("settings.ntp.options"), R"(["iburst","minpoll 4"])");
    EXPECT_EQ(found.at("settings.kernel.lockdown"), "\"integrity\"") << "not mapped twice";
    EXPECT_EQ(found.at("settings.containers.host.admin.enabled"), "true");
    EXPECT_EQ(found.at("settings.containers.host.\"a.b\".source"), "\"x\"");
    EXPECT_FALSE(found.contains("settings.containers.host.admin.legacy"));
    EXPECT_EQ(*files_.read(folder / "v1.0.0.sqlite"), original_);
    EXPECT_FALSE(to("1.3.0").from.has_value()) << "a second start finds nothing to do";
}

TEST_F(Migrate, GoesBackByWhatTheStoreRemembers)
{
    const auto before = values();
    to("1.2.0");
    // The older image knows none of the newer migrations.
    const auto back = migrate(files_, hooks, folder, version("1.0.0"), {});
    ASSERT_TRUE(back.has_value()) << back.error().message();
    EXPECT_EQ(back->backward, 2);
    EXPECT_EQ(values(), before) << "with what was removed";
    to("1.1.0");
    EXPECT_EQ(values().at("settings.greeting"), "\"mine\"") << "and forth again";
}

TEST_F(Migrate, GoesBackOnAMachineThatBeganAtTheNewerVersion)
{
    // Imaged at 1.1.0: its store was never at 1.0.0, which names the setting otherwise.
    files_.put(live, store_with([](Store& store) {
        EXPECT_TRUE(store.adopt_image("1.1.0 0123abcd", {}).has_value());
        EXPECT_TRUE(store.set_note(migrations_note,
                                   remembered_by_new_store(known(), version("1.1.0")))
                        .has_value());
        set_by_api(store, {{"settings.greeting", "\"mine\""}});
    }));
    const auto back = migrate(files_, hooks, folder, version("1.0.0"), {});
    ASSERT_TRUE(back.has_value()) << back.error().message();
    EXPECT_EQ(back->backward, 1) << "not those of 1.2.0, which the image knew of too";
    EXPECT_EQ(values().at("settings.motd"), "\"mine\"");
    EXPECT_FALSE(values().contains("settings.greeting"));
}

TEST_F(Migrate, KeepsOnTheWayBackWhatWasChangedInBetween)
{
    to("1.1.0");
    auto image = *read_store(*files_.read(live));
    image.rows.at({"settings.greeting", Source::api}).value = "\"changed\"";
    files_.put(live, *write_store(*files_.read(live), image, version("1.1.0")));
    to("1.0.0");
    EXPECT_EQ(values().at("settings.motd"), "\"changed\"");
}

TEST_F(Migrate, LeavesOnTheWayBackWhatWasInTheTargetOfAMove)
{
    const auto move = *parse_migration(R"(version = "1.1.0"
name = "join"
[[step]]
kind = "move"
from = "settings.host-containers"
to = "settings.containers"
[[step]]
kind = "move"
from = "settings.motd"
to = "settings.containers.greeting"
)");
    const auto put = [&](const std::string& key, Source source, const std::string& value) {
        auto image = *read_store(*files_.read(live));
        image.rows[{key, source}] = {value, {source, "uid=0", {}}};
        files_.put(live, *write_store(*files_.read(live), image,
                                      **version_of_store(*files_.read(live))));
    };
    put("settings.containers.old.source", Source::api, "\"there before\"");
    put("settings.containers.image", Source::user_data, "\"there before\"");
    put("settings.containers.admin.enabled", Source::api, "\"in the way\"");
    put("settings.containers.admin.enabled", Source::user_data, "\"below\"");
    const auto before = read_store(*files_.read(live))->rows;

    ASSERT_TRUE(migrate(files_, hooks, folder, version("1.1.0"), {move}).has_value());
    EXPECT_EQ(values().at("settings.containers.admin.enabled"), "true");
    put("settings.containers.image", Source::api, "\"set over what was there\"");
    put("settings.containers.fresh.source", Source::api, "\"new\"");
    ASSERT_TRUE(migrate(files_, hooks, folder, version("1.0.0"), {}).has_value());

    auto after = read_store(*files_.read(live))->rows;
    const auto take = [&](const std::string& key) {
        const auto row = after.extract({key, Source::api});
        return row.empty() ? "none" : row.mapped().value;
    };
    EXPECT_EQ(take("settings.containers.image"), "\"set over what was there\"");
    EXPECT_EQ(take("settings.host-containers.fresh.source"), "\"new\"");
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [place, stored] : before) {
        ASSERT_TRUE(after.contains(place)) << place.first;
        EXPECT_EQ(after.at(place).value, stored.value) << place.first;
    }
}

TEST_F(Migrate, LeavesAPersonsChoiceThatEqualsAnOldDefault)
{
    auto image = *read_store(original_);
    image.rows[{"settings.ntp.options", Source::api}] = {R"(["iburst"])", {}};
    files_.put(live, *write_store(original_, image, version("1.0.0")));
    to("1.1.0");
    EXPECT_EQ(values().at("settings.ntp.options"), R"(["iburst"])");
}

TEST_F(Migrate, LeavesABrokenStoreAsItIs)
{
    files_.put(live, original_.substr(0, 5000));
    const auto broken = migrate(files_, hooks, folder, version("1.1.0"), known());
    ASSERT_FALSE(broken.has_value());
    EXPECT_EQ(*files_.read(live), original_.substr(0, 5000));
    EXPECT_FALSE(files_.exists(folder / "v1.0.0.sqlite"));
}

TEST_F(Migrate, TakesAnEmptyFileForNoStoreYetOnlyWhereTheStoreHasNeverBeenWhole)
{
    const auto is_taken = [](const std::string& bytes, const std::filesystem::path& beside) {
        io::FakeFiles files;
        files.put(live, bytes, 0600);
        files.put(beside, "x");
        return migrate(files, hooks, folder, version("1.1.0"), known()).has_value();
    };
    EXPECT_TRUE(is_taken("", folder / "something"));
    EXPECT_FALSE(is_taken("", reserve_file(folder)));
    EXPECT_FALSE(is_taken("", folder / "v1.0.0.sqlite"));
    EXPECT_FALSE(is_taken(std::string(4096, '\0'), folder / "something")) << "corrupt, not empty";
}

TEST_F(Migrate, LeavesTheStoreWhenTheNewVersionRefusesWhatAMigrationMade)
{
    const auto strict = refusing({{"settings.greeting", "\"mine\""}});
    const auto refused = migrate(files_, strict, folder, version("1.1.0"), known());
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message(), HasSubstr("settings.greeting"));
    EXPECT_EQ(*files_.read(live), original_);
    EXPECT_FALSE(files_.exists(folder / "v1.0.0.sqlite"));
}

/// With values that the newer version takes and the older one does not, one of them under a new name.
class MigrateRefused : public Migrate {
protected:
    MigrateRefused()
    {
        to("1.1.0");
        change("1.1.0", [](Rows& rows) {
            rows.at({"settings.greeting", Source::api}).value = "\"a new form\"";
            rows[{"settings.kernel.lockdown", Source::api}].value = "\"a new word\"";
            rows[{"settings.ntp.servers", Source::api}] = {"[\"new\"]", {Source::api, "uid=0", {}}};
        });
        newer_ = values();
    }
    void change(const std::string& at, const std::function<void(Rows&)>& change_rows)
    {
        auto image = *read_store(*files_.read(live));
        change_rows(image.rows);
        files_.put(live, *write_store(*files_.read(live), image, version(at)));
    }
    Migrated go(const std::string& at, const Hooks& judge)
    {
        auto migrated = migrate(files_, judge, folder, version(at), known());
        EXPECT_TRUE(migrated.has_value()) << migrated.error().message();
        return migrated.has_value() ? *std::move(migrated) : Migrated{};
    }
    static std::vector<std::string> keys(const Aside& aside)
    {
        std::vector<std::string> found;
        for (const auto& [place, refused] : aside) {
            found.push_back(place.first);
        }
        return found;
    }

    const Hooks older_ = refusing({{"settings.motd", "\"a new form\""},
                                   {"settings.kernel.lockdown", "\"a new word\""}});
    std::map<std::string, std::string> newer_;
};

TEST_F(MigrateRefused, ValuesAreAsideAtTheOlderVersionAndCountAgainAtTheNewer)
{
    const auto back = go("1.0.0", older_);
    EXPECT_TRUE(back.restored.empty());
    EXPECT_THAT(keys(back.aside), ElementsAre("settings.kernel.lockdown", "settings.motd"));
    EXPECT_EQ(back.aside.begin()->second.why, "settings.kernel.lockdown: not this");
    auto found = values();
    EXPECT_FALSE(found.contains("settings.kernel.lockdown"));
    EXPECT_EQ(found.at("settings.motd"), "\"default\"") << "what is below counts";
    EXPECT_EQ(found.at("settings.ntp.servers"), "[\"new\"]") << "one key costs no other";

    const auto forth = go("1.1.0", hooks);
    EXPECT_TRUE(forth.aside.empty());
    EXPECT_EQ(values(), newer_);
}

TEST_F(MigrateRefused, ValueGivesWayToWhatWasSetMeanwhile)
{
    go("1.0.0", older_);
    change("1.0.0", [](Rows& rows) {
        rows[{"settings.motd", Source::api}] = {"\"newer still\"", {Source::api, "uid=0", {}}};
    });
    go("1.1.0", hooks);
    EXPECT_EQ(values().at("settings.greeting"), "\"newer still\"");
    EXPECT_EQ(values().at("settings.kernel.lockdown"), "\"a new word\"");
    go("1.0.0", hooks);
    EXPECT_EQ(values().at("settings.motd"), "\"newer still\"") << "for good";
}

TEST_F(MigrateRefused, ValueFailsNoUpdateThatDoesNotTakeItEither)
{
    go("1.0.0", older_);
    const auto forth = go("1.1.0", refusing({{"settings.greeting", "\"a new form\""},
                                             {"settings.kernel.lockdown", "\"a new word\""}}));
    EXPECT_THAT(keys(forth.aside), ElementsAre("settings.greeting", "settings.kernel.lockdown"));
    EXPECT_EQ(go("1.0.0", older_).aside.size(), 2U);
    go("1.1.0", hooks);
    EXPECT_EQ(values(), newer_);
}

TEST_F(MigrateRefused, ValueThatNoMigrationMadeIsAsideOnTheWayForthToo)
{
    go("1.0.0", hooks);
    const auto before = values();
    const auto forth = go("1.1.0", refusing({{"settings.kernel.lockdown", "\"a new word\""}}));
    EXPECT_THAT(keys(forth.aside), ElementsAre("settings.kernel.lockdown"));
    EXPECT_FALSE(values().contains("settings.kernel.lockdown"));
    go("1.0.0", hooks);
    EXPECT_EQ(values(), before);
}

TEST_F(MigrateRefused, ValuesOfEachSourceAreJudged)
{
    change("1.1.0", [](Rows& rows) {
        rows[{"settings.kernel.lockdown", Source::api}].value = "\"fine\"";
        rows[{"settings.kernel.lockdown", Source::user_data}] = {"\"a new word\"",
                                                                {Source::user_data, "x", {}}};
        rows[{"settings.kernel.lockdown", Source::generator}] = {
            "\"a new word\"", {Source::generator, "x", {}, Strength::weak}};
    });
    const auto back = go("1.0.0", older_);
    EXPECT_TRUE(back.aside.contains({"settings.kernel.lockdown", Source::user_data}));
    EXPECT_FALSE(back.aside.contains({"settings.kernel.lockdown", Source::generator}))
        << "it is made again";
    const auto rows = read_store(*files_.read(live))->rows;
    EXPECT_TRUE(rows.contains({"settings.kernel.lockdown", Source::api}));
    EXPECT_FALSE(rows.contains({"settings.kernel.lockdown", Source::user_data}));
    EXPECT_FALSE(rows.contains({"settings.kernel.lockdown", Source::generator}));
}

TEST_F(MigrateRefused, ValuesThatCannotBeReadCostNoOthers)
{
    go("1.0.0", older_);
    auto database = Database::from_bytes(*files_.read(live));
    ASSERT_TRUE(database->execute("UPDATE notes SET text = '[{}]' WHERE name = 'aside'"));
    files_.put(live, *database->to_bytes());
    EXPECT_TRUE(go("1.1.0", hooks).restored.empty());
    EXPECT_EQ(values().at("settings.ntp.servers"), "[\"new\"]");
}

TEST_F(Migrate, PutsTheKeptStoreBackWhenThereIsNoOtherWay)
{
    to("1.1.0");
    auto database = Database::from_bytes(*files_.read(live));
    ASSERT_TRUE(database->execute("UPDATE notes SET text = '[{}]' WHERE name = 'migrations'")
                    .has_value());
    files_.put(live, *database->to_bytes());
    const auto back = to("1.0.0");
    EXPECT_THAT(back.restored, HasSubstr("migrations that the store remembers"));
    EXPECT_EQ(*files_.read(live), original_);
    EXPECT_TRUE(files_.exists(folder / "v1.1.0.sqlite")) << "nothing is lost";
}

/// A store as images left it that logged values: with the log of a secret that was replaced.
std::string with_old_log(const std::string& bytes)
{
    auto database = Database::from_bytes(bytes);
    EXPECT_TRUE(database->execute(
        "INSERT INTO audit (at, tx, key, source, who, old, new) VALUES "
        "(1, 't', 'settings.k', 3, 'uid=0', 'old secret', printf('%.*c', 2000000, 'x')), "
        "(2, 't', 'settings.k', 3, 'uid=0', printf('%.*c', 2000000, 'x'), NULL)"));
    return *database->to_bytes();
}

TEST_F(Migrate, ShrinksAStoreWhoseLogHasValues)
{
    for (const auto* version : {"1.0.0", "1.1.0"}) {
        files_.put(live, with_old_log(original_), 0600);
        EXPECT_GT(files_.space_used(), 4'000'000U);
        const auto migrated = to(version);
        EXPECT_TRUE(migrated.warnings.empty());
        EXPECT_LT(files_.space_used(), 200'000U) << "with what is kept of it";
        const auto after = *files_.read(live);
        EXPECT_FALSE(after.contains("old secret"));
        auto database = Database::from_bytes(after);
        EXPECT_EQ(*database->number("SELECT count(*) FROM audit WHERE key = 'settings.k' AND "
                                    "old IS NULL AND coalesce(new, '') = ''"),
                  2);
        EXPECT_EQ(*database->number("SELECT new IS NULL FROM audit WHERE at = 2"), 1);
    }
    to("1.0.0");
    EXPECT_EQ(values(), values_in(original_));
    const auto small = *files_.read(live);
    to("1.0.0");
    EXPECT_EQ(*files_.read(live), small) << "not at every boot";
}

TEST_F(Migrate, KeepsTheStoreThatTheOtherSetLeftAndNoOther)
{
    const auto kept = [this] {
        auto names = *files_.list(folder);
        std::erase(names, "current");
        return names;
    };
    files_.put(folder / "v0.9.0.sqlite", "old");
    files_.put(folder / "v0.9.0.sqlite.new", "a power cut left it");
    to("1.1.0");
    EXPECT_THAT(kept(), ElementsAre("v1.0.0.sqlite"));
    to("1.2.0");
    EXPECT_THAT(kept(), ElementsAre("v1.1.0.sqlite"));
    to("1.1.0");
    EXPECT_THAT(kept(), ElementsAre("v1.2.0.sqlite"));
}

TEST_F(Migrate, OnAFullDiskFailsForthAsIfItHadNotBeenTriedAndSaysWhere)
{
    files_.limit_space(files_.space_used() + original_.size() / 2);
    const auto used = files_.space_used();
    const auto full = migrate(files_, hooks, folder, version("1.2.0"), known());
    ASSERT_FALSE(full.has_value());
    EXPECT_EQ(full.error().code(), Errc::no_space);
    EXPECT_THAT(full.error().message(), HasSubstr("replacing the settings store"));
    EXPECT_EQ(*files_.read(live), original_);
    EXPECT_EQ(files_.space_used(), used) << "room for the reason to be kept";
}

TEST_F(Migrate, OnAFullDiskGoesForthInTheRoomOfTheReserve)
{
    ASSERT_TRUE(keep_reserve(files_, folder));
    files_.limit_space(files_.space_used());
    const auto migrated = to("1.2.0");
    EXPECT_EQ(migrated.forward, 2);
    EXPECT_THAT(migrated.warnings, ElementsAre(HasSubstr("is not kept")));
    EXPECT_EQ(values().at("settings.greeting"), "\"mine\"");
}

TEST_F(Migrate, OnAFullDiskGoesBackInTheRoomOfWhatIsKept)
{
    const auto before = values();
    to("1.2.0");
    files_.limit_space(files_.space_used());
    const auto migrated = to("1.0.0");
    EXPECT_EQ(migrated.backward, 2);
    EXPECT_EQ(values(), before);
}

TEST_F(Migrate, PutsTheKeptStoreBackOnAFullDiskToo)
{
    to("1.1.0");
    auto database = Database::from_bytes(*files_.read(live));
    ASSERT_TRUE(database->execute("UPDATE notes SET text = '[{}]' WHERE name = 'migrations'"));
    files_.put(live, *database->to_bytes());
    files_.limit_space(files_.space_used());
    const auto back = to("1.0.0");
    EXPECT_FALSE(back.restored.empty());
    EXPECT_EQ(*files_.read(live), original_);
}

class MigratePowerCut : public testing::TestWithParam<Unflushed> {
protected:
    const std::string store_bytes_ = store_bytes();
};

TEST_P(MigratePowerCut, LeavesTheOldOrTheNewStoreWholeAtEveryStep)
{
    const auto old_values = values_in(store_bytes_);
    bool finished = false;
    int step = 0;
    for (; !finished; ++step) {
        SCOPED_TRACE(step);
        io::FakeFiles files;
        files.put(live, store_bytes_, 0600);
        files.cut_power_after(step);
        finished =
            migrate(files, hooks, folder, version("1.2.0"), known()).has_value();
        files.restart(GetParam());

        const auto found = files.read(live);
        ASSERT_TRUE(found.has_value());
        const auto at = version_of_store(*found);
        ASSERT_TRUE(at.has_value() && at->has_value());
        EXPECT_THAT((*at)->str(), AnyOf("1.0.0", "1.2.0"));
        EXPECT_EQ(values_in(*found) == old_values, (*at)->str() == "1.0.0");
        // The next boot finishes, and the way back is open.
        ASSERT_TRUE(
            migrate(files, hooks, folder, version("1.2.0"), known()).has_value());
        ASSERT_TRUE(migrate(files, hooks, folder, version("1.0.0"), {}).has_value());
        EXPECT_EQ(values_in(*files.read(live)), old_values);
    }
    EXPECT_GT(step, 8);
}

TEST_P(MigratePowerCut, OnAFullDiskLeavesOneStoreOrTheOtherToo)
{
    bool finished = false;
    int step = 0;
    for (; !finished; ++step) {
        SCOPED_TRACE(step);
        io::FakeFiles files;
        files.put(live, store_bytes_, 0600);
        ASSERT_TRUE(keep_reserve(files, folder));
        ASSERT_TRUE(migrate(files, hooks, folder, version("1.2.0"), known()).has_value());
        files.limit_space(files.space_used());
        files.cut_power_after(step);
        finished = migrate(files, hooks, folder, version("1.0.0"), {}).has_value();
        files.restart(GetParam());

        const auto found = files.read(live);
        ASSERT_TRUE(found.has_value());
        const auto at = version_of_store(*found);
        ASSERT_TRUE(at.has_value() && at->has_value());
        EXPECT_THAT((*at)->str(), AnyOf("1.0.0", "1.2.0"));
        ASSERT_TRUE(migrate(files, hooks, folder, version("1.0.0"), {}).has_value());
        EXPECT_EQ(values_in(*files.read(live)), values_in(store_bytes_));
    }
    EXPECT_GT(step, 10);
}

INSTANTIATE_TEST_SUITE_P(Disks, MigratePowerCut,
                         testing::Values(Unflushed::all_lost, Unflushed::names_kept));

TEST(RecoverStore, LeavesNoJournal)
{
    std::string pattern = testing::TempDir() + "holdfast-migrate-XXXXXX";
    const std::filesystem::path directory = ::mkdtemp(pattern.data());
    io::PosixFiles files;
    const auto bytes = store_bytes();
    ASSERT_TRUE(io::replace_file(files, directory / "settings.sqlite", bytes).has_value());
    // Not a valid header: SQLite takes it for a journal that was never begun.
    ASSERT_TRUE(io::replace_file(files, directory / "settings.sqlite-journal", "junk").has_value());
    ASSERT_TRUE(recover_store(directory).has_value());
    EXPECT_EQ(*files.read(directory / "settings.sqlite", 1U << 20U), bytes);
    std::filesystem::remove_all(directory);
}

} // namespace
} // namespace holdfast::store
