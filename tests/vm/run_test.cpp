// What `./holdfast run` and `./holdfast stop` do, in a folder of the test's own.

#include "machine/run.hpp"
#include "test_machine.hpp"

#include <filesystem>
#include <gmock/gmock.h>

namespace holdfast::vm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Nobody sits there; keeps what is written.
class Screen final : public io::Terminal {
public:
    bool interactive() override { return false; }
    void make_raw() override {}
    void restore() override {}
    std::string read_some(std::chrono::milliseconds) override { return {}; }
    void write(std::string_view text) override { text_ += text; }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

class RunVerb : public ::testing::Test {
protected:
    RunVerb()
    {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        options_.image = image_under_test();
        options_.mode = machine::RunOptions::Mode::headless;
        options_.user_data = folder_ / "user-data.toml";
        options_.disk_gib = 4;
        options_.cpus = 1;
        options_.limit = boot_limit;
    }
    ~RunVerb() override
    {
        if (machine::running_api(world_, places_)) {
            EXPECT_TRUE(succeeds(machine::stop(world_, screen_, places_, 0s)));
        }
        if (!HasFailure()) {
            std::filesystem::remove_all(folder_);
        }
    }
    Result<int> run() { return machine::run(world_, screen_, places_, options_); }
    Result<int> stop() { return machine::stop(world_, screen_, places_, boot_limit); }
    /// What the shipped program prints about that machine.
    std::string apiclient(const std::vector<std::string>& arguments)
    {
        const auto access = machine::running_api(world_, places_);
        EXPECT_TRUE(succeeds(access));
        if (!access) {
            return "";
        }
        auto command = access->apiclient_options();
        command.insert(command.begin(), checkout / "build/release/bin/apiclient");
        command.insert(command.end(), arguments.begin(), arguments.end());
        const auto outcome = adapters_.processes.run({.arguments = std::move(command)});
        EXPECT_TRUE(succeeds(outcome));
        return outcome ? outcome->output + outcome->errors : "";
    }

    Adapters adapters_;
    machine::World world_ = adapters_.world();
    Screen screen_;
    const std::filesystem::path folder_ = checkout / "out/test-logs" / this_test();
    machine::RunPlaces places_{.state = folder_ / "run",
                               .keys = machine::KeyFiles(key_directory()),
                               .cache = "/var/cache/holdfast"};
    machine::RunOptions options_;
};

TEST_F(RunVerb, StartsAMachineTalksToItStopsItAndGoesOnWithItsDisk)
{
    ASSERT_TRUE(succeeds(
        io::replace_file(adapters_.files, *options_.user_data, "[settings]\nmotd = \"from a file\"\n")));
    ASSERT_TRUE(succeeds(run()));
    EXPECT_THAT(screen_.text(), AllOf(HasSubstr("booting until the API answers"),
                                      HasSubstr("./holdfast apiclient get settings")));
    EXPECT_THAT(apiclient({"get", "settings.motd"}), HasSubstr("from a file"));
    EXPECT_EQ(apiclient({"set", "motd=kept"}), "");
    const auto second = run();
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error().message(), HasSubstr("a machine runs already"));
    ASSERT_TRUE(succeeds(stop()));
    EXPECT_FALSE(machine::running_api(world_, places_).has_value());
    EXPECT_GE(std::filesystem::file_size(places_.state / "disk.img"), 4ULL << 30U);

    ASSERT_TRUE(succeeds(run()));
    EXPECT_THAT(apiclient({"get", "settings.motd"}), HasSubstr("kept"));
    ASSERT_TRUE(succeeds(stop()));
}

} // namespace
} // namespace holdfast::vm
