#include "io/posix/posix_system.hpp"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace holdfast::io {
namespace {

class PosixFilesTest : public ::testing::Test {
protected:
    PosixFilesTest()
    {
        std::string pattern = ::testing::TempDir() + "holdfast-files-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
    }
    ~PosixFilesTest() override { std::filesystem::remove_all(directory_); }

    std::filesystem::path file() const { return directory_ / "hosts"; }

    std::filesystem::path directory_;
    PosixFiles files_;
};

/// As a container that has the file mounted.
class Holder {
public:
    explicit Holder(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY)) {}
    std::string content() const
    {
        std::array<char, 1000> bytes{};
        const auto count = ::pread(fd_.get(), bytes.data(), bytes.size(), 0);
        return std::string(bytes.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
    }

private:
    UniqueFd fd_;
};

TEST_F(PosixFilesTest, OverwritesTheFileThatOthersHold)
{
    ASSERT_TRUE(replace_file(files_, file(), "a line\n", 0600).has_value());
    const Holder holder(file());
    for (const std::string text : {"a line\nand another\n", "short\n", "", "without an end"}) {
        ASSERT_TRUE(files_.overwrite(file(), text).has_value());
        EXPECT_EQ(holder.content(), text);
        EXPECT_EQ(files_.read(file(), 1000).value_or("?"), text);
    }
    struct stat status{};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(PosixFilesTest, OverwritesNothingThatIsNotThere)
{
    const auto refused = files_.overwrite(file(), "x");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), Errc::not_found);
    EXPECT_FALSE(files_.exists(file()));
}

TEST_F(PosixFilesTest, CreatesOnlyWhereNothingHasTheName)
{
    const auto secret = directory_ / "secret";
    ASSERT_TRUE(replace_file(files_, secret, "old").has_value());
    for (const auto& target : {secret, directory_ / "missing"}) {
        std::filesystem::create_symlink(target, file());
        EXPECT_FALSE(files_.create(file(), 0600).has_value());
        ASSERT_TRUE(files_.remove(file()).has_value());
    }
    EXPECT_FALSE(files_.create(secret, 0600).has_value());
    EXPECT_EQ(*files_.read(secret, 100), "old");
    EXPECT_FALSE(files_.exists(directory_ / "missing"));
    EXPECT_TRUE(files_.create(file(), 0600).has_value());
}

TEST_F(PosixFilesTest, ADraftThatIsALinkIsReplacedNotFollowed)
{
    const auto secret = directory_ / "secret";
    ASSERT_TRUE(replace_file(files_, secret, "old").has_value());
    std::filesystem::create_symlink(secret, directory_ / "hosts.new");
    ASSERT_TRUE(replace_file(files_, file(), "new").has_value());
    EXPECT_EQ(*files_.read(secret, 100), "old");
    EXPECT_EQ(*files_.read(file(), 100), "new");
}

TEST_F(PosixFilesTest, WritesIntoDevicesAndMakesNone)
{
    EXPECT_TRUE(files_.write_into("/dev/null", "x").has_value());
    EXPECT_EQ(files_.write_into(file(), "x").error().code(), Errc::not_found);
    EXPECT_FALSE(files_.exists(file()));
}

} // namespace
} // namespace holdfast::io
