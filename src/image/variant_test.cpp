#include "image/variant.hpp"

#include "image/root_tree.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace holdfast::image {
namespace {

class VariantFile : public ::testing::Test {
protected:
    VariantFile()
    {
        std::string name = (std::filesystem::temp_directory_path() / "variant-XXXXXX").native();
        folder_ = ::mkdtemp(name.data());
    }
    ~VariantFile() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, const std::string& text)
    {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }

    std::string error_of(const std::string& text)
    {
        const auto loaded = load_variant(write("bad.toml", text));
        return loaded.has_value() ? "accepted" : loaded.error().message();
    }

private:
    std::filesystem::path folder_;
};

constexpr auto minimal = R"(platform = "metal"
settings-groups = ["motd"]
[kernel]
package = "linux"
[root]
packages = ["systemd"]
programs = ["apiserver"]
)";

TEST_F(VariantFile, JoinsListsMergesTablesAndLetsTheLaterScalarWin)
{
    write("base.toml", std::string(minimal) + "[settings]\nmotd = \"a\"\n[partitions]\nroot = 100\n");
    const auto loaded = load_variant(write("v.toml", R"(include = ["base.toml"]
platform = "vmware"
[root]
packages = ["chrony"]
[settings.kernel]
lockdown = "integrity"
)"));
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_EQ(loaded->name, "v");
    EXPECT_EQ(loaded->platform, "vmware");
    EXPECT_EQ(loaded->packages, (std::vector<std::string>{"systemd", "chrony"}));
    EXPECT_EQ(to_text(loaded->settings), R"({"kernel":{"lockdown":"integrity"},"motd":"a"})");
    EXPECT_EQ(loaded->partitions.root, 100);
    EXPECT_TRUE(loaded->places.at("partitions.root").contains("/base.toml:"));
    EXPECT_EQ(loaded->sources.size(), 2U);
}

TEST_F(VariantFile, NamesFileLineAndReasonOfWhatItRefuses)
{
    EXPECT_TRUE(error_of(std::string(minimal) + "colour = 1\n").contains("bad.toml:8: unknown key \"colour\" in root"))
        << error_of(std::string(minimal) + "colour = 1\n");
    EXPECT_TRUE(error_of("platform = 3\n").contains("bad.toml:1: platform: expected a string"));
    EXPECT_TRUE(error_of("[partitions]\nroot = 0\n").contains("bad.toml:2: root: expected a size"));
    EXPECT_TRUE(error_of("a = [\n").contains("bad.toml:"));
    EXPECT_TRUE(error_of("platform = \"x\"\n").contains("the required key"));
    EXPECT_TRUE(error_of("include = [\"bad.toml\"]\n").contains("includes itself"));
    EXPECT_EQ(load_variant("/nonexistent/v.toml").error().code(), Errc::not_found);
}

TEST_F(VariantFile, KnowsThePlaceOfWhatErrorsName)
{
    const auto loaded = load_variant(write("v.toml", R"(platform = "metal"
settings-groups = ["motd"]
[kernel]
package = "linux"
initrd-modules = ["one"]
unpacked-modules = ["two"]
[root]
packages = [
  "systemd",
  "motd",
]
programs = ["apiserver"]
overlays = ["a/root"]
[containers.control]
packages = ["busybox"]
overlays = ["b/root"]
programs = ["control"]
)"));
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    const std::vector<std::pair<std::string, int>> lines{
        {"the mirror has no package \"systemd\"", 9},
        {"the mirror has no package \"motd\"", 10},
        {"unknown settings group \"motd\"", 2},
        {"kernel.package: the package \"linux\" brings no kernel", 4},
        {"the kernel has no module \"one\" (built in)", 5},
        {"the kernel has no module \"two\" (built in)", 6},
        {"there is no program \"apiserver\"", 12},
        {"no folder for the overlay \"a/root\"", 13},
        {"containers.control: the mirror has no package \"busybox\"", 15},
        {"no folder for the overlay \"b/root\"", 16},
        {"there is no program \"control\"", 17},
    };
    for (const auto& [message, line] : lines) {
        const auto place = place_of_error(*loaded, message).value_or("none");
        EXPECT_TRUE(place.ends_with("/v.toml:" + std::to_string(line))) << message << ": " << place;
        EXPECT_EQ(placed<void>(*loaded, fail(Errc::not_found, "{}", message)).error().message(),
                  place + ": " + message);
    }
    EXPECT_FALSE(place_of_error(*loaded, "the disk is full"));
}

TEST_F(VariantFile, KnowsThePlaceOfSettings)
{
    write("base.toml", std::string(minimal) + "[settings]\nmotd = \"a\"\n");
    const auto loaded = load_variant(write("v.toml", R"(include = ["base.toml"]
[settings.kernel]
lockdown = "integrity"
[settings.kernel.sysctl]
"vm.max_map_count" = 1
[[settings.list]]
a = 1
)"));
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    const auto place = [&loaded](const std::string& key) {
        const auto text = place_of_setting(*loaded, key);
        return text.substr(text.rfind('/') + 1);
    };
    EXPECT_EQ(place("settings.motd"), "base.toml:9");
    EXPECT_EQ(place("settings.kernel.lockdown"), "v.toml:3");
    EXPECT_EQ(place("settings.kernel.lockdown.deeper"), "v.toml:3");
    EXPECT_EQ(place("settings.kernel.sysctl.\"vm.max_map_count\""), "v.toml:5");
    EXPECT_EQ(place("settings.list"), "v.toml:6");
    EXPECT_EQ(place("elsewhere"), "v.toml");
}

TEST_F(VariantFile, PutsUrlsIntoOsReleaseWhereItHasSome)
{
    const Release release{.version = "1.2.3", .commit8 = "01234567", .architecture = "x86_64"};
    const auto without = load_variant(write("v.toml", minimal));
    ASSERT_TRUE(without.has_value());
    EXPECT_EQ(os_release(*without, release), "NAME=\"Holdfast\"\n"
                                             "ID=holdfast\n"
                                             "VERSION=\"1.2.3 (v)\"\n"
                                             "PRETTY_NAME=\"Holdfast OS 1.2.3 (v)\"\n"
                                             "VARIANT_ID=v\n"
                                             "VERSION_ID=1.2.3\n"
                                             "BUILD_ID=01234567\n");
    const auto with = load_variant(write("v.toml", std::string(minimal) + R"([os]
home-url = "https://example.com/os"
support-url = "https://example.com/help?a=b"
bug-report-url = "https://example.com/bugs"
documentation-url = "http://docs.example.com/"
)"));
    ASSERT_TRUE(with.has_value()) << with.error().message();
    EXPECT_EQ(os_release(*with, release), os_release(*without, release) +
                                              "BUG_REPORT_URL=\"https://example.com/bugs\"\n"
                                              "DOCUMENTATION_URL=\"http://docs.example.com/\"\n"
                                              "HOME_URL=\"https://example.com/os\"\n"
                                              "SUPPORT_URL=\"https://example.com/help?a=b\"\n");
    for (const auto* bad : {"example.com", "https://a b", "https://a$(b)", "https://a\\\"b"}) {
        EXPECT_TRUE(error_of(std::format("[os]\nhome-url = \"{}\"\n", bad))
                        .contains("bad.toml:2: home-url: expected a URL"))
            << bad;
    }
}

} // namespace
} // namespace holdfast::image
