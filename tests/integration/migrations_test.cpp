// The migrations of the machine tests' releases, through the migrator and the model.

#include "migrations.hpp"

#include "io/posix/posix_system.hpp"
#include "io/testing/fake_clock.hpp"
#include "settings/model.hpp"
#include "store/migration/image.hpp"
#include "store/migration/migrate.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace holdfast {
namespace {

/// A store on the disk, which images of several versions use in turn.
class Migrations : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::string pattern = ::testing::TempDir() + "holdfast-migrations-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directories(folder_ / "current");
        auto store = adopt("1.0.0");
        ASSERT_TRUE(store.has_value());
        set(*store, vm::chosen_settings(), store::Source::api);
        set(*store, vm::generated_settings(), store::Source::generator);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static settings::Model load_model()
    {
        const Json variant = {{"groups", settings::Model::known_groups()}};
        return *settings::Model::load(to_text(variant));
    }

    /// What the API server does with the store when it has migrated.
    Result<store::Store> adopt(const std::string& version)
    {
        TRY_ASSIGN(auto store, store::Store::open(folder_ / "current", clock_));
        TRY(store.adopt_image(version + " 0123abcd", model_.defaults()));
        return store;
    }
    void set(store::Store& store, const Json& settings, store::Source source)
    {
        const auto values = model_.flatten(settings);
        ASSERT_TRUE(values.has_value()) << values.error().message();
        ASSERT_TRUE(store.patch("t", *values, {source, "test"}, store::Strength::strong).has_value());
        ASSERT_TRUE(store.commit("t").has_value());
    }

    /// As the image of this version does at its start, with the migrations that it carries.
    Result<store::Migrated> migrate_to(const std::string& version,
                                       const std::vector<std::string>& carried)
    {
        std::vector<store::Migration> known;
        for (const auto& migration : carried) {
            TRY_ASSIGN(auto parsed, store::parse_migration(vm::migration_of(migration)));
            known.push_back(std::move(parsed));
        }
        const store::Judge judge = [this](const store::Values& values) {
            std::map<std::string, std::string> refused;
            for (const auto& problem : model_.refused(values)) {
                refused.emplace(problem.key, to_text(problem));
            }
            return refused;
        };
        return store::migrate(files_, {store::recover_store, judge}, folder_,
                              *Version::parse(version), known);
    }
    /// The settings that count once it has started.
    Json start(const std::string& version, const std::vector<std::string>& carried)
    {
        const auto done = migrate_to(version, carried);
        EXPECT_TRUE(done.has_value()) << done.error().message();
        EXPECT_TRUE(!done.has_value() || done->restored.empty()) << done->restored;
        EXPECT_TRUE(adopt(version).has_value());
        const auto image = store::read_store(
            *files_.read(folder_ / "current/settings.sqlite", 1U << 20));
        settings::Values counting;
        for (const auto& [place, stored] : image->rows) {
            counting.insert_or_assign(place.first, stored.value); // Sources in ascending order.
        }
        return model_.nest(counting);
    }
    void expect(const std::string& version, const std::vector<std::string>& carried)
    {
        const auto settings = start(version, carried);
        EXPECT_TRUE(vm::has_settings(settings, vm::migrated_settings(version)))
            << version << ": " << to_text(settings);
    }

    settings::Model model_ = load_model();
    io::PosixFiles files_;
    io::FakeClock clock_;
    std::filesystem::path folder_;
};

TEST_F(Migrations, OfEveryKindGoForthAndBack)
{
    expect("1.0.0", {});
    expect("1.1.0", {"1.1.0"});
    expect("1.2.0", {"1.1.0", "1.2.0"});
    expect("1.1.0", {"1.1.0"});
    expect("1.0.0", {});
    expect("1.2.0", {"1.1.0", "1.2.0"});
    expect("1.0.0", {});
}

TEST_F(Migrations, AreRefusedWhereTheyMakeWhatTheModelDoesNotKnow)
{
    {
        auto store = adopt("1.0.0");
        set(*store, {{"motd", "bad migration"}}, store::Source::api);
    }
    const auto done = migrate_to("1.9.0", {"1.9.0"});
    ASSERT_FALSE(done.has_value());
    EXPECT_TRUE(done.error().message().contains("settings.motd")) << done.error().message();
}

TEST_F(Migrations, GoBackWithoutWhatTheOlderModelDoesNotTake)
{
    expect("1.1.0", {"1.1.0"});
    {
        auto store = adopt("1.1.0");
        set(*store, {{"motd", "newest"}}, store::Source::api);
        // As a model may that has learned of a word and of a setting.
        ASSERT_TRUE(store->patch("t", {{"settings.kernel.lockdown", "\"strict\""},
                                       {"settings.kernel.newer", "1"}},
                                 {store::Source::api, "test"}, store::Strength::strong));
        ASSERT_TRUE(store->commit("t"));
    }
    const auto back = migrate_to("1.0.0", {});
    ASSERT_TRUE(back.has_value()) << back.error().message();
    EXPECT_EQ(back->aside.size(), 2U);
    auto store = adopt("1.0.0");
    ASSERT_TRUE(store.has_value());
    const auto settings = model_.nest(store->live_values());
    EXPECT_EQ(settings["motd"], "newest");
    EXPECT_TRUE(model_.refused(store->live_values()).empty());
    EXPECT_TRUE(model_.judge(settings).problems.empty());
}

} // namespace
} // namespace holdfast
