#include "update/agent/updog.hpp"

#include "io/testing/fake_clock.hpp"
#include "io/testing/fake_files.hpp"
#include "io/testing/fake_processes.hpp"
#include "update/status/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A repository and a machine, and what was asked of them in order.
struct FakeWorld {
    std::map<std::string, std::string> targets;
    std::vector<std::string> calls;
    std::optional<Error> problem; ///< Of installing.
    std::function<void()> during_install = [] {};
};

class FakeSource final : public UpdateSource {
public:
    explicit FakeSource(FakeWorld& world) : world_(world) {}
    Result<std::string> read_target(const std::string& name, std::uint64_t most_bytes) override
    {
        world_.calls.push_back("read " + name);
        const auto found = world_.targets.find(name);
        if (found == world_.targets.end()) {
            return fail(Errc::not_found, "there is no target {}", name);
        }
        EXPECT_LE(found->second.size(), most_bytes);
        return found->second;
    }
    void set_query(std::string query) override { world_.calls.push_back("query " + query); }
    Result<void> install(const Images& images, const ProgressSink& report) override
    {
        world_.calls.push_back("install " + images.root + " " + images.boot + " " + images.hash);
        report({.done = 5, .total = 10});
        if (world_.problem) {
            return Failure{*world_.problem};
        }
        report({.done = 10, .total = 10, .wire = 3});
        world_.during_install();
        return {};
    }

private:
    FakeWorld& world_;
};

class FakeBootChoice final : public BootChoice {
public:
    explicit FakeBootChoice(FakeWorld& world) : world_(world) {}
    Result<void> activate() override
    {
        world_.calls.emplace_back("activate");
        return {};
    }
    Result<void> deactivate() override
    {
        world_.calls.emplace_back("deactivate");
        return {};
    }
    Result<void> rollback() override
    {
        world_.calls.emplace_back("rollback");
        return {};
    }

private:
    FakeWorld& world_;
};

std::string offer(const char* version, const char* waves = "{}")
{
    return std::format(R"({{"variant": "metal-dev", "arch": "x86_64", "version": "{0}",
        "max_version": "1.2.0", "waves": {1},
        "images": {{"boot": "boot-{0}", "root": "root-{0}", "hash": "hash-{0}"}}}})",
                       version, waves);
}

class UpdogTest : public ::testing::Test {
protected:
    UpdogTest()
    {
        set_lock("latest");
        // 1.2.0 opens a day after FakeClock starts.
        fake.targets["manifest.json"] =
            R"({"updates": [)" + offer("1.0.0") + "," + offer("1.1.0") + "," +
            offer("1.2.0", R"({"0": "2024-01-02T00:00:00Z"})") +
            R"json(], "migrations": {"(1.0.0, 1.1.0)": ["m1", "m2"], "(1.1.0, 1.2.0)": []}})json";
        processes.answer("/usr/bin/systemctl reboot", {});
        files.put_directory("/var/lib/bottlerocket");
        files.put_directory("/run/cache");
    }

    void set_lock(const std::string& lock)
    {
        files.put("/etc/updog.toml",
                  "metadata_base_url = \"https://r.example/m/\"\nseed = 5\n"
                  "targets_base_url = \"https://r.example/t\"\nignore_waves = false\n"
                  "version_lock = \"" +
                      lock + "\"\n");
    }
    Result<UpdogResult> run(const std::vector<std::string>& arguments)
    {
        fake.calls.clear();
        return run_updog(
            arguments,
            {files, clock, processes,
             [this](const UpdogConfig& config, std::string query) {
                 EXPECT_EQ(config.metadata_url, "https://r.example/m");
                 fake.calls.push_back("open " + query);
                 return Result<std::unique_ptr<UpdateSource>>(std::make_unique<FakeSource>(fake));
             },
             [this] {
                 return Result<std::unique_ptr<BootChoice>>(std::make_unique<FakeBootChoice>(fake));
             }});
    }

    FakeWorld fake;
    io::FakeFiles files{{"/etc/os-release", "VARIANT_ID=metal-dev\nVERSION_ID=1.0.0\n"}};
    io::FakeClock clock;
    io::FakeProcesses processes;
};

TEST_F(UpdogTest, ShowsTheUpdateThatIsDue)
{
    EXPECT_EQ(run({"check-update"})->output, "metal-dev 1.1.0\n");
    EXPECT_THAT(fake.calls, ElementsAre("open seed=5&version=1.0.0", "read manifest.json"));
    EXPECT_EQ(run({"whats", "--ignore-waves"})->output, "metal-dev 1.2.0\n");
    EXPECT_EQ((*parse_json(run({"whats", "--json"})->output))["images"]["root"], "root-1.1.0");
    EXPECT_EQ(run({"whats", "-i", "1.0.0"})->output, "metal-dev 1.0.0\n");
}

TEST_F(UpdogTest, SaysByItsExitStatusThatThereIsNone)
{
    set_lock("v1.0.0");
    const auto result = run({"check-update"});
    EXPECT_EQ(result->exit_status, 1);
    EXPECT_EQ(result->output, "");
    EXPECT_EQ(result->notes, "No update available\n");
    EXPECT_EQ(run({"update"})->exit_status, 0);
    EXPECT_EQ(run({"update"})->notes, "No update required\n");
    EXPECT_THAT(run({"update-image", "-i", "1.2.0"}).error().message(),
                HasSubstr("does not offer 1.2.0"));
}

TEST_F(UpdogTest, ListsAllOnTheStreamsOfTheReference)
{
    EXPECT_EQ(run({"whats", "--all"})->notes, "metal-dev 1.1.0\nmetal-dev 1.0.0\n");
    const auto list = parse_json(run({"whats", "--all", "--json"})->output);
    ASSERT_EQ(list->size(), 2);
    EXPECT_EQ((*list)[0]["version"], "1.1.0");
}

TEST_F(UpdogTest, InstallsAndNotesWhatItBrought)
{
    ASSERT_TRUE(run({"update-image"}).has_value());
    EXPECT_THAT(fake.calls,
                ElementsAre("open seed=5&version=1.0.0", "read manifest.json",
                            "query migrations=m1%2Cm2%2Cmanifest.json&seed=5&target=1.1.0"
                            "&version=1.0.0",
                            "install root-1.1.0 boot-1.1.0 hash-1.1.0"))
        << "migrations are no targets: the new image carries them";
    const auto staged = parse_staged(*files.read(staged_path));
    ASSERT_TRUE(staged.has_value()) << staged.error().message();
    EXPECT_EQ(staged->image.version, "1.1.0");
    EXPECT_EQ(staged->before->version, "1.0.0");
    EXPECT_EQ(to_text(*parse_json(*files.read(progress_path))),
              R"({"bytes":10,"percent":100,"rate":3000,"total":10})");
}

TEST_F(UpdogTest, NeedsNoRoomForTheNote)
{
    files.put(staged_path, to_text(to_json(StagedUpdate{.image = {"x86_64", "1.0.5", "metal-dev"}})));
    fake.during_install = [this] { files.limit_space(files.space_used()); };
    EXPECT_TRUE(run({"update-image"}).has_value());
    EXPECT_FALSE(files.exists(staged_path)) << "it would name a version that is not there any more";
}

TEST_F(UpdogTest, RefusesAnUpdateThatTheSettingsCannotFollow)
{
    fake.targets["manifest.json"] = R"({"updates": [)" + offer("1.1.0") + R"(], "migrations": {}})";
    EXPECT_THAT(run({"update-image"}).error().message(), HasSubstr("from 1.0.0 to 1.1.0"));
    EXPECT_EQ(fake.calls.size(), 2);
}

TEST_F(UpdogTest, FlipsOnlyWhatIsWhole)
{
    EXPECT_EQ(run({"update", "-r"})->output, "Update applied: metal-dev 1.1.0\n");
    EXPECT_EQ(fake.calls.back(), "activate");
    EXPECT_THAT(processes.command_lines(), ElementsAre("/usr/bin/systemctl reboot"));

    fake.problem = Error(Errc::corrupt, "root-1.1.0 is not what was signed");
    EXPECT_EQ(run({"update", "-r"}).error().message(), "root-1.1.0 is not what was signed");
    EXPECT_THAT(fake.calls.back(), HasSubstr("install"));
    EXPECT_EQ(processes.commands().size(), 1);
}

TEST_F(UpdogTest, AppliesRevertsAndGoesBackWithoutTheNetwork)
{
    EXPECT_TRUE(run({"update-apply"}).has_value());
    EXPECT_THAT(fake.calls, ElementsAre("activate"));
    EXPECT_TRUE(run({"update-revert"}).has_value());
    EXPECT_THAT(fake.calls, ElementsAre("deactivate"));
    EXPECT_TRUE(run({"update-rollback"}).has_value());
    EXPECT_THAT(fake.calls, ElementsAre("rollback"));
    EXPECT_THAT(processes.commands(), IsEmpty());
}

TEST_F(UpdogTest, GoesByAnotherVariantWhereTold)
{
    EXPECT_EQ(run({"whats", "--variant", "metal-host"})->exit_status, 1);
}

TEST_F(UpdogTest, ExplainsItself)
{
    EXPECT_EQ(run({})->exit_status, 1);
    EXPECT_EQ(run({"upgrade"})->exit_status, 1);
    EXPECT_EQ(run({"--help"})->exit_status, 0);
    EXPECT_THAT(run({"--help"})->output, HasSubstr("update-revert"));
    EXPECT_THAT(fake.calls, IsEmpty());
}

TEST(UpdogConfig, NamesTheSettingThatIsWrong)
{
    struct Case {
        const char* toml;
        const char* message;
    };
    const std::string urls = "metadata_base_url = \"file:///m\"\ntargets_base_url = \"http://t\"\n";
    for (const auto& [toml, message] : {
             Case{"", "settings.updates.metadata-base-url is not set"},
             Case{"metadata_base_url = \"https://m\"", "settings.updates.targets-base-url is not"},
             Case{"metadata_base_url = \"ftp://m\"", "metadata-base-url: expected a URL"},
             Case{"metadata_base_url = 1", "expected a text"},
         }) {
        EXPECT_THAT(parse_updog_config(toml).error().message(), HasSubstr(message)) << toml;
    }
    EXPECT_THAT(parse_updog_config(urls).error().message(), HasSubstr("seed is not set"));
    EXPECT_THAT(parse_updog_config(urls + "seed = 1\nversion_lock = \"x\"").error().message(),
                HasSubstr("version-lock"));
    const auto config =
        parse_updog_config(urls + "seed = 7\nversion_lock = \"v1.2.3\"\nignore_waves = true\n"
                                  "https_proxy = \"http://p:3128\"\nno_proxy = [\"a\", \"b\"]\n");
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(config->seed, 7U);
    EXPECT_EQ(config->version_lock.version()->str(), "1.2.3");
    EXPECT_TRUE(config->ignore_waves);
    EXPECT_EQ(config->https_proxy, "http://p:3128");
    EXPECT_THAT(config->no_proxy, ElementsAre("a", "b", "localhost", "127.0.0.1"));
    EXPECT_THAT(parse_updog_config(urls + "seed = 7\nversion_lock = \"latest\"\n")->no_proxy,
                ElementsAre("localhost", "127.0.0.1"));
    EXPECT_THAT(
        parse_updog_config(urls + "seed = 7\nversion_lock = \"latest\"\nno_proxy = [\"*\"]\n")
            ->no_proxy,
        ElementsAre("*"));
}

} // namespace
} // namespace holdfast::update
