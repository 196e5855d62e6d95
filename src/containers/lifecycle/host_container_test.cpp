#include "containers/lifecycle/host_container.hpp"

#include "containers/lifecycle/fake_runtime.hpp"
#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_disk.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::containers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

io::FakeFiles host_files()
{
    io::FakeFiles files({{"/run/api.sock", ""},
                         {"/usr/bin/apiclient", ""},
                         {"/etc/hosts", ""},
                         {"/etc/resolv.conf", ""},
                         {"/etc/os-release", ""},
                         {"/usr/share/holdfast/application-inventory.json", ""}});
    files.put_directory("/local/host-containers/admin");
    files.put_directory("/var/log/support");
    return files;
}

class HostContainer : public ::testing::Test {
protected:
    RunOrder order()
    {
        return {.request = {.name = "admin", .command = {}, .cgroup = "/default/admin", .proxies = {}},
                .source = *parse_image_source("r.example/admin:1"),
                .access = {},
                .use_cached_image = false,
                .finish = {"host-ctr", "finish"}};
    }

    /// The identifier's process as it is left when a container runs.
    Task running() { return {TaskState::running, 42, 0, "/streams/output", "/streams/errors"}; }

    void expect_nothing_left()
    {
        EXPECT_THAT(runtime.tasks, IsEmpty());
        EXPECT_THAT(runtime.containers, IsEmpty());
        EXPECT_THAT(runtime.snapshots, ElementsAre("chain"));
        EXPECT_FALSE(files.exists("/run/host-containerd/streams/admin"));
    }

    FakeRuntime runtime;
    io::FakeFiles files = host_files();
    io::FakeClock clock;
    io::FakeRandom random;
    FakeHandover handover;
    World world{runtime, files, clock, random, handover, nullptr};
};

TEST_F(HostContainer, StartsInTheOrderThatLosesNothing)
{
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_THAT(runtime.steps, ElementsAre("snapshot admin-snapshot on chain", "container admin",
                                           "process of admin", "start admin"));
    EXPECT_THAT(handover.steps,
                ElementsAre("hold signals", "open /run/host-containerd/streams/admin/output",
                            "watch 42", "wait"));
    EXPECT_THAT(handover.finish, ElementsAre("host-ctr", "finish"));
}

TEST_F(HostContainer, AttachesToARunningOneWithoutARegistry)
{
    runtime.failing_pulls = 1000;
    runtime.tasks["admin"] = running();
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_THAT(runtime.pulls, IsEmpty());
    EXPECT_THAT(handover.steps,
                ElementsAre("hold signals", "open /streams/output", "watch 42", "wait"));
}

TEST_F(HostContainer, ReplacesAProcessInAnotherState)
{
    ASSERT_TRUE(run_container(order(), world));
    runtime.tasks["admin"].state = TaskState::paused;
    runtime.steps.clear();
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_THAT(runtime.steps, ElementsAre("process of admin", "start admin"))
        << "the container itself is used again";
}

TEST_F(HostContainer, MakesAnewWhatWouldNowBeAnother)
{
    ASSERT_TRUE(run_container(order(), world));
    runtime.tasks.clear();
    runtime.steps.clear();
    auto changed = order();
    changed.request.command = {"/bin/other"};
    ASSERT_TRUE(run_container(changed, world));
    EXPECT_THAT(runtime.steps, ElementsAre("snapshot admin-snapshot on chain", "container admin",
                                           "process of admin", "start admin"));
    EXPECT_THAT(runtime.containers.at("admin").spec, HasSubstr("/bin/other"));
}

TEST_F(HostContainer, RemovesASnapshotThatNobodyOwns)
{
    runtime.snapshots.insert("admin-snapshot");
    EXPECT_TRUE(run_container(order(), world));
}

TEST_F(HostContainer, TheLastWordsOfOneThatEndsAtOnceAreCopied)
{
    handover.is_gone = true;
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_EQ(handover.steps.back(), "copy and finish");
    EXPECT_THAT(handover.finish, ElementsAre("host-ctr", "finish"));
}

TEST_F(HostContainer, ANumberThatWentToAnotherProcessIsNotWaitedFor)
{
    handover.on_watch = [this] { runtime.tasks["admin"].state = TaskState::stopped; };
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_EQ(handover.steps.back(), "copy and finish");
}

TEST_F(HostContainer, AFailedStartLeavesNothing)
{
    runtime.start_fails = true;
    const auto result = run_container(order(), world);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message(), HasSubstr("no such program"));
    expect_nothing_left();
}

TEST_F(HostContainer, AHostWithoutTheInterfaceStartsNothing)
{
    EXPECT_TRUE(files.remove("/run/api.sock"));
    EXPECT_FALSE(run_container(order(), world).has_value());
    EXPECT_THAT(runtime.steps, IsEmpty());
}

TEST_F(HostContainer, BootstrapContainersHaveAPrefix)
{
    auto bootstrap = order();
    bootstrap.request.kind = Kind::bootstrap;
    EXPECT_EQ(container_id(bootstrap.request), "boot.admin");
    EXPECT_EQ(container_id(order().request), "admin");
}

TEST_F(HostContainer, FinishingTellsOfAFailure)
{
    ASSERT_TRUE(run_container(order(), world));
    runtime.tasks["admin"].state = TaskState::stopped;
    runtime.tasks["admin"].exit_status = 7;
    const auto result = finish_container("admin", Ended::by_itself, world);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message(), HasSubstr("status 7"));
    expect_nothing_left();
}

TEST_F(HostContainer, FinishingOnRequestIsASuccessWhateverTheStatus)
{
    ASSERT_TRUE(run_container(order(), world));
    runtime.tasks["admin"].state = TaskState::stopped;
    runtime.tasks["admin"].exit_status = 143;
    const auto result = finish_container("admin", Ended::on_request, world);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(*result, 0);
    expect_nothing_left();
}

TEST_F(HostContainer, FinishingDoesNotWaitForEver)
{
    ASSERT_TRUE(run_container(order(), world));
    runtime.ignores_kill = true;
    EXPECT_FALSE(finish_container("admin", Ended::by_itself, world).has_value());
    EXPECT_LE(clock.slept(), std::chrono::seconds{30});
}

TEST_F(HostContainer, CleaningUpNothingIsASuccess)
{
    EXPECT_TRUE(clean_up_container("admin", world));
}

TEST_F(HostContainer, CleaningUpStopsAndRemoves)
{
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_TRUE(clean_up_container("admin", world));
    expect_nothing_left();
}

TEST_F(HostContainer, CleaningUpWhileItsOwnHostCtrDoesIsASuccess)
{
    ASSERT_TRUE(run_container(order(), world));
    runtime.others_delete = true;
    EXPECT_TRUE(clean_up_container("admin", world));
    expect_nothing_left();
}

TEST_F(HostContainer, PullsAgainWithGrowingPauses)
{
    runtime.failing_pulls = 5;
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_EQ(runtime.pulls.size(), 6U);
    // 1 + 2 + 4 + 8 + 16 seconds, and 2 to 6 seconds each.
    EXPECT_GE(clock.slept(), std::chrono::seconds{31 + 10});
    EXPECT_LE(clock.slept(), std::chrono::seconds{31 + 30});
}

TEST_F(HostContainer, GivesUpAfterSixPulls)
{
    runtime.failing_pulls = 6;
    const auto result = run_container(order(), world);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message(), HasSubstr("no such host"));
    EXPECT_EQ(runtime.pulls.size(), 6U);
}

TEST_F(HostContainer, TriesEachMirrorBeforeItPauses)
{
    auto mirrored = order();
    mirrored.access = *RegistryAccess::parse(
        "[mirrors.\"r.example\"]\nendpoints = [\"https://m.example\"]\n");
    runtime.failing_pulls = 1;
    ASSERT_TRUE(run_container(mirrored, world));
    ASSERT_EQ(runtime.pulls.size(), 2U);
    EXPECT_EQ(runtime.pulls[0].reference, "m.example/admin:1");
    EXPECT_EQ(runtime.pulls[1].reference, "r.example/admin:1");
    EXPECT_EQ(runtime.pulls[0].name, "r.example/admin:1");
    EXPECT_EQ(clock.slept().count(), 0);
}

TEST_F(HostContainer, ACachedImageNeedsNoPullIfAskedFor)
{
    runtime.put_image("r.example/admin:1");
    auto cached = order();
    cached.use_cached_image = true;
    ASSERT_TRUE(run_container(cached, world));
    EXPECT_THAT(runtime.pulls, IsEmpty());
    ASSERT_TRUE(clean_up_container("admin", world));
    ASSERT_TRUE(run_container(order(), world));
    EXPECT_EQ(runtime.pulls.size(), 1U);
}

TEST_F(HostContainer, AnImageWhoseFilesAreGoneIsPulledAgain)
{
    runtime.put_image("r.example/admin:1");
    runtime.snapshots.clear();
    auto cached = order();
    cached.use_cached_image = true;
    ASSERT_TRUE(run_container(cached, world));
    EXPECT_EQ(runtime.pulls.size(), 1U);
}

/// Blocks of a tar: header (name, size) and content.
std::string tar_entry(const std::string& name, const std::string& content, char type = '0')
{
    std::string header(512, '\0');
    header.replace(0, name.size(), name);
    const auto size = std::format("{:011o}", content.size());
    header.replace(124, size.size(), size);
    header[156] = type;
    auto padded = content;
    padded.resize((content.size() + 511) / 512 * 512);
    return header + padded;
}

class Archives : public HostContainer {
protected:
    Archives()
    {
        world.open_archive = [this](const std::filesystem::path&)
            -> Result<std::unique_ptr<io::BlockDevice>> {
            auto device = std::make_unique<io::FakeDisk>(bytes.size());
            const auto raw = std::as_bytes(std::span(bytes));
            device->set_content({raw.begin(), raw.end()});
            return std::unique_ptr<io::BlockDevice>(std::move(device));
        };
    }

    Result<ReadyImage> ensure()
    {
        return ensure_image(*parse_image_source("file:///images/a.tar"), {}, false, {}, world);
    }

    Result<std::string> digest_of(const std::string& content)
    {
        io::FakeDisk device(content.size());
        const auto raw = std::as_bytes(std::span(content));
        device.set_content({raw.begin(), raw.end()});
        return archive_digest(device);
    }

    std::string bytes = tar_entry("oci-layout", "{}") + tar_entry("index.json", "abc") +
                        tar_entry("blobs/sha256/x", std::string(3000, 'b')) +
                        std::string(1024, '\0');
};

constexpr auto digest_of_abc =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(Archives, AreToldApartByTheirIndex)
{
    EXPECT_EQ(digest_of(bytes).value_or(""), digest_of_abc);
}

TEST_F(Archives, AreImportedWhole)
{
    ASSERT_TRUE(ensure());
    EXPECT_THAT(runtime.imports, ElementsAre("file:///images/a.tar"));
    EXPECT_EQ(runtime.imported_bytes, bytes);
}

TEST_F(Archives, AreImportedOnce)
{
    runtime.import_digest = digest_of_abc;
    ASSERT_TRUE(ensure());
    ASSERT_TRUE(ensure());
    EXPECT_EQ(runtime.imports.size(), 1U);
}

TEST_F(Archives, OfAnotherIndexAreImportedAgain)
{
    runtime.import_digest = "sha256:another";
    ASSERT_TRUE(ensure());
    ASSERT_TRUE(ensure());
    EXPECT_EQ(runtime.imports.size(), 2U);
}

TEST_F(Archives, WhoseFilesAreGoneAreImportedAgain)
{
    runtime.import_digest = digest_of_abc;
    ASSERT_TRUE(ensure());
    runtime.snapshots.clear();
    ASSERT_TRUE(ensure());
    EXPECT_EQ(runtime.imports.size(), 2U);
}

TEST_F(Archives, ThatAreNoneAreRefused)
{
    const std::string cases[] = {
        std::string(512, '\0'), std::string(512, 'x'), tar_entry("other", "abc"),
        tar_entry("index.json", "abc").substr(0, 512), // cut off
        tar_entry("index.json", "abc", '5')};          // a directory
    for (const auto& content : cases) {
        const auto digest = digest_of(content);
        ASSERT_FALSE(digest.has_value());
        EXPECT_EQ(digest.error().code(), Errc::corrupt);
    }
}

TEST(FindImage, RefusesImagesOfOtherMachines)
{
    FakeRuntime runtime;
    runtime.put_image("a");
    runtime.blobs["sha256:index"] =
        R"({"manifests":[{"digest":"sha256:x","platform":{"os":"linux","architecture":"s390x"}}]})";
    EXPECT_EQ(find_image(runtime, "a").error().code(), Errc::unsupported);
}

TEST(FindImage, RefusesNonsense)
{
    for (const char* blob : {"", "1", "[]", "{}", R"({"manifests":1})",
                             R"({"manifests":[{"digest":"sha256:index"}]})", R"({"config":1})"}) {
        FakeRuntime runtime;
        runtime.put_image("a");
        runtime.blobs["sha256:index"] = blob;
        EXPECT_FALSE(find_image(runtime, "a").has_value()) << blob;
    }
}

} // namespace
} // namespace holdfast::containers
