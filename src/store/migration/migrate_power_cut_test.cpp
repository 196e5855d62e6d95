#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "store/migration/migrate.hpp"
#include "store/power_cut_vfs.hpp"
#include "store/store.hpp"

#include <gtest/gtest.h>

namespace holdfast::store {
namespace {

const std::filesystem::path datastore = "/d";
const auto current = datastore / "current";

/// The settings of a machine that has never run, on a disk that may lose power.
class NewMachine {
public:
    /// As the API server starts: `migrate`, and then the store.
    Result<void> start()
    {
        const Hooks at_start{[this](const auto& directory) { return recover(directory); },
                             [](const Values&) { return std::map<std::string, std::string>(); }};
        show_store();
        TRY(migrate(files_, at_start, datastore, *Version::parse("1.0.0"), {}));
        TRY_ASSIGN(auto store, Store::open(current, clock_, disk_.name()));
        TRY(store.adopt_image("1.0.0 0123abcd", {{"settings.motd", "\"default\""}}));
        EXPECT_TRUE(store.live().contains("settings.motd"));
        return {};
    }

    PowerCutVfs& disk() { return disk_; }

private:
    /// `recover_store` on this disk.
    Result<void> recover(const std::filesystem::path& directory)
    {
        {
            TRY_ASSIGN(auto database, Database::open(directory / "settings.sqlite", disk_.name()));
            TRY(database.number("SELECT count(*) FROM sqlite_master"));
        }
        show_store();
        return {};
    }
    /// To `migrate`, which reads the store's file without SQLite.
    void show_store()
    {
        files_ = io::FakeFiles();
        if (const auto bytes = disk_.content(current / "settings.sqlite")) {
            files_.put(current / "settings.sqlite", *bytes, 0600);
        }
    }

    PowerCutVfs disk_{"first-boot"};
    io::FakeFiles files_;
    io::FakeClock clock_;
};

class FirstBoot : public testing::TestWithParam<Leftover> {};

TEST_P(FirstBoot, StartsAgainWhereverItWasCut)
{
    bool finished = false;
    for (int step = 0; !finished; ++step) {
        ASSERT_LT(step, 1000);
        for (std::uint32_t seed = 0; seed < 8; ++seed) {
            SCOPED_TRACE(std::format("step {} seed {}", step, seed));
            NewMachine machine;
            machine.disk().cut_power_after(step);
            finished = machine.start().has_value();
            machine.disk().restart(GetParam(), seed);
            const auto again = machine.start();
            ASSERT_TRUE(again.has_value()) << again.error().message();
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, FirstBoot,
                         testing::Values(Leftover::nothing, Leftover::everything, Leftover::some));

} // namespace
} // namespace holdfast::store
