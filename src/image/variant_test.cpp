#include "image/variant.hpp"

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
    EXPECT_TRUE(loaded->places.at("chrony").ends_with("/v.toml:4")) << loaded->places.at("chrony");
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

} // namespace
} // namespace holdfast::image
