#include "image/migrations.hpp"

#include "io/testing/fake_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::image {
namespace {

using ::testing::HasSubstr;

constexpr auto migrations = "/tree/usr/share/holdfast/migrations";

std::string file_of(const std::string& version, const std::string& before)
{
    return "version = \"" + version + "\"\nname = \"motd\"\n[[step]]\nkind = \"map\"\n" +
           "key = \"settings.motd\"\nvalues = [{ before = \"" + before + "\", after = \"b\" }]\n";
}

TEST(CarriedMigrations, AreToldByVersionNameAndWhatTheyDo)
{
    io::FakeFiles files;
    EXPECT_EQ(*carried_migrations(files, "/tree", "1.2.0"), Json::array());
    files.put(std::filesystem::path(migrations) / "v1.1.0_motd.toml", file_of("1.1.0", "a"));
    const auto told = carried_migrations(files, "/tree", "1.2.0");
    ASSERT_TRUE(told.has_value()) << told.error().message();
    ASSERT_EQ(told->size(), 1U);
    EXPECT_EQ((*told)[0]["version"], "1.1.0");
    EXPECT_EQ((*told)[0]["name"], "motd");

    files.put(std::filesystem::path(migrations) / "v1.1.0_motd.toml",
              "# Said otherwise.\n" + file_of("1.1.0", "a"));
    EXPECT_EQ(*carried_migrations(files, "/tree", "1.2.0"), *told);
    files.put(std::filesystem::path(migrations) / "v1.1.0_motd.toml", file_of("1.1.0", "x"));
    EXPECT_NE(*carried_migrations(files, "/tree", "1.2.0"), *told);
}

TEST(CarriedMigrations, AreRefusedWhereMachinesWouldNotTakeThem)
{
    io::FakeFiles files;
    files.put(std::filesystem::path(migrations) / "v1.3.0_motd.toml", file_of("1.3.0", "a"));
    EXPECT_THAT(carried_migrations(files, "/tree", "1.2.0").error().message(),
                HasSubstr("motd is for version 1.3.0, but the image is version 1.2.0"));
    files.put(std::filesystem::path(migrations) / "v1.3.0_motd.toml", "version = \"1.0.0\"");
    EXPECT_THAT(carried_migrations(files, "/tree", "1.2.0").error().message(),
                HasSubstr("v1.3.0_motd.toml"));
}

} // namespace
} // namespace holdfast::image
