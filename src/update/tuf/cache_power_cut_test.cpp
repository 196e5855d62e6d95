#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "update/tuf/client.hpp"
#include "update/tuf/testing/test_repository.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <utility>

namespace holdfast::tuf {
namespace {

/// What becomes of unflushed writes, and whether repositories are kept apart.
class CachePowerCut : public ::testing::TestWithParam<std::tuple<io::Unflushed, bool>> {
protected:
    TestRepository repository;
    io::FakeClock clock;
    ClientOptions options{.metadata_dir = "/var/lib/cache",
                          .keeps_repositories_apart = std::get<bool>(GetParam()),
                          .metadata_url = TestRepository::metadata_url,
                          .targets_url = TestRepository::targets_url,
                          .shipped_root = "/usr/root.json"};

    Result<void> refresh(io::FakeFiles& files)
    {
        TRY_ASSIGN(auto client, Client::open(repository.http, files, clock, options));
        return client.refresh();
    }
    /// Where the timestamp is kept.
    std::filesystem::path timestamp(io::FakeFiles& files) const
    {
        const auto& cache = options.metadata_dir;
        const auto names = files.list(cache).value_or(std::vector<std::string>());
        const auto folder = std::ranges::find_if(names, [&](const auto& name) {
            return files.exists(cache / name / "timestamp.json");
        });
        return cache / (folder == names.end() ? "" : *folder) / "timestamp.json";
    }
    static Json version_of(io::FakeFiles& files, const std::filesystem::path& document)
    {
        const auto text = files.read(document);
        return text.has_value() ? (*parse_json(*text))["signed"]["version"] : Json();
    }
};

/// Else an older repository would be taken after the first power cut of a new machine.
TEST_P(CachePowerCut, LeavesWhatTheFirstRefreshLearned)
{
    io::FakeFiles files({{"/usr/root.json", repository.file("1.root.json")}});
    ASSERT_TRUE(refresh(files).has_value());
    files.restart(std::get<io::Unflushed>(GetParam()));
    EXPECT_EQ(version_of(files, timestamp(files)), 1);
    EXPECT_EQ(files.mode(options.metadata_dir), 0700U);
}

TEST_P(CachePowerCut, LeavesACacheThatRefreshesAtEveryStep)
{
    // Version 1 is known, then a key that sent everything far ahead is taken away, and low versions
    // come again: the refresh that touches every file. The other key of each role stays, so what
    // the cache holds goes on being signed.
    repository.add_key("timestamp", repository.root.timestamp);
    repository.add_key("snapshot", repository.root.snapshot);
    repository.publish_root();
    const auto first_root = repository.file("1.root.json");
    repository.timestamp.version = repository.snapshot.version = repository.targets.version = 500;
    repository.publish_next();
    const auto before = repository.http.files;
    repository.drop_key("timestamp", repository.root.timestamp);
    repository.drop_key("snapshot", repository.root.snapshot);
    repository.root.version = 2;
    repository.publish_root();
    repository.timestamp.version = repository.snapshot.version = repository.targets.version = 1;
    repository.publish_next();
    const auto after = repository.http.files;

    int points = 0;
    for (bool finished = false; !finished; ++points) {
        SCOPED_TRACE(points);
        io::FakeFiles files({{"/usr/root.json", first_root}});
        repository.http.files = before;
        ASSERT_TRUE(refresh(files).has_value());
        repository.http.files = after;
        files.cut_power_after(points);
        finished = refresh(files).has_value();
        files.restart(std::get<io::Unflushed>(GetParam()));

        const auto again = refresh(files);
        ASSERT_TRUE(again.has_value()) << again.error().message();
        EXPECT_EQ(version_of(files, options.metadata_dir / "root.json"), 2);
        EXPECT_EQ(version_of(files, timestamp(files)), 2);
    }
    EXPECT_GT(points, 20) << "the cuts should reach into every file";
}

/// A system with another root: the old repository is gone, and nothing else could be trusted.
TEST_P(CachePowerCut, LeavesTheWayToOtherKeysOpenAtEveryStep)
{
    TestRepository other;
    int points = 0;
    for (bool finished = false; !finished; ++points) {
        SCOPED_TRACE(points);
        io::FakeFiles files({{"/usr/root.json", repository.file("1.root.json")}});
        ASSERT_TRUE(refresh(files).has_value());
        files.put("/usr/root.json", other.file("1.root.json"));
        const auto from_other = [&] {
            const auto old = std::exchange(repository.http.files, other.http.files);
            const auto done = refresh(files);
            repository.http.files = old;
            return done;
        };
        files.cut_power_after(points);
        finished = from_other().has_value();
        files.restart(std::get<io::Unflushed>(GetParam()));
        const auto again = from_other();
        ASSERT_TRUE(again.has_value()) << again.error().message();
        EXPECT_EQ(*files.read(options.metadata_dir / "root.json"), other.file("1.root.json"));
    }
    EXPECT_GT(points, 15) << "the cuts should reach into every file";
}

INSTANTIATE_TEST_SUITE_P(Disks, CachePowerCut,
                         ::testing::Combine(::testing::Values(io::Unflushed::all_lost,
                                                              io::Unflushed::names_kept),
                                            ::testing::Bool()));

} // namespace
} // namespace holdfast::tuf
