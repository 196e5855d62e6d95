#include "image/packages.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_file_locks.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "io/testing/fake_random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::image {
namespace {

using ::testing::HasSubstr;

constexpr auto in_release = "/cache/apt/state/lists/mirror_dists_trixie_InRelease";

class PackageIndex : public ::testing::Test {
protected:
    /// From now on the mirror has this index; nothing answers where it is empty.
    void publish(const std::string& release)
    {
        processes.play(
            "apt-get", [this, release](const io::Command& command) -> Result<io::Outcome> {
                EXPECT_TRUE(std::ranges::contains(command.arguments, "update"));
                ++updates;
                if (release.empty()) {
                    return io::Outcome{.exit_status = 100, .errors = "E: Could not connect"};
                }
                files.put(in_release, release);
                return io::Outcome{};
            });
    }

    io::FakeFiles files{{"/cache/keep", ""}};
    io::FakeClock clock;
    io::FakeRandom random;
    io::FakeProcesses processes;
    io::FakeFileLocks locks;
    io::System system{files, clock, random, processes,
                      [](const char*) { return std::optional<std::string>(); }};
    Context context{.system = system,
                    .locks = locks,
                    .checkout = "/src",
                    .output = "/out",
                    .cache = "/cache",
                    .programs = "/bin",
                    .mirror = "http://one/debian",
                    .architecture = "amd64",
                    .commit8 = "00000000",
                    .source_date_epoch = "0"};
    int updates = 0;
};

TEST_F(PackageIndex, IsFetchedOnceAndKept)
{
    publish("first");
    const auto index = package_index(context);
    ASSERT_TRUE(index.has_value()) << index.error().message();
    EXPECT_EQ(package_index(context).value_or(""), *index);
    EXPECT_EQ(updates, 1);
}

TEST_F(PackageIndex, IsAnotherOneAfterARefreshThatBroughtSomething)
{
    publish("first");
    const auto index = package_index(context);
    ASSERT_TRUE(index.has_value() && refresh_index(context).has_value());
    EXPECT_EQ(package_index(context).value_or(""), *index) << "nothing is built anew for nothing";
    EXPECT_EQ(updates, 2);

    publish("second");
    ASSERT_TRUE(refresh_index(context).has_value());
    EXPECT_NE(package_index(context).value_or(""), *index);
}

TEST_F(PackageIndex, ThatCouldNotBeFetchedFromAnotherMirrorIsTriedAgain)
{
    publish("first");
    ASSERT_TRUE(package_index(context).has_value());
    context.mirror = "http://two/debian";
    publish("");
    for (int run = 0; run < 2; ++run) {
        const auto index = package_index(context);
        ASSERT_FALSE(index.has_value());
        EXPECT_THAT(index.error().message(), HasSubstr("fetching the package index"));
    }
    publish("second");
    EXPECT_TRUE(package_index(context).has_value());
}

/// As of a version that kept no hash.
TEST_F(PackageIndex, OfACacheWithoutItsHashIsFetchedAnew)
{
    publish("first");
    ASSERT_TRUE(package_index(context).has_value());
    files.put("/cache/apt/updated", "");
    EXPECT_NE(package_index(context).value_or(""), "");
    EXPECT_EQ(updates, 2);
}

TEST_F(PackageIndex, IsUsedByOneBuildAtATime)
{
    auto first = lock_packages(context);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(lock_packages(context).error().code(), Errc::locked);
    EXPECT_GT(clock.slept(), std::chrono::minutes{10}) << "another build may take that long";

    *first = nullptr;
    EXPECT_TRUE(lock_packages(context).has_value());
}

} // namespace
} // namespace holdfast::image
