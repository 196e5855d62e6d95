#include "update/slots/check_set.hpp"

#include "update/blocks/verity.hpp"
#include "update/testing/test_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::update {
namespace {

using ::testing::HasSubstr;

std::vector<std::byte> enlarged(std::vector<std::byte> bytes)
{
    bytes.resize((bytes.size() / block_bytes + 2) * block_bytes);
    return bytes;
}

/// 300 blocks: a tree of two levels, and more than one read.
class CheckSet : public ::testing::Test {
protected:
    CheckSet()
    {
        const auto device = disk(hash_);
        const auto root_hash = check_verity_tree(*device);
        EXPECT_TRUE(root_hash.has_value()) << root_hash.error().message();
        name(root_hash->hex());
    }
    static std::unique_ptr<io::FakeDisk> disk(const std::vector<std::byte>& content)
    {
        auto made = std::make_unique<io::FakeDisk>(content.size());
        made->set_content(content);
        return made;
    }
    /// Across two blocks.
    void name(const std::string& root_hash)
    {
        std::ranges::copy(std::as_bytes(std::span(root_hash)),
                          boot_.begin() + 2 * block_bytes - 30);
    }
    static void flip(std::vector<std::byte>& bytes, std::uint64_t at)
    {
        bytes.at(at) ^= std::byte{1};
    }
    std::string verdict()
    {
        const auto boot = disk(boot_);
        const auto root = disk(root_);
        const auto hash = disk(hash_);
        if (unreadable_) {
            root->refuse_reads(*unreadable_, *unreadable_);
        }
        const auto checked = check_set({*boot, *root, *hash});
        return checked.has_value() ? "whole" : checked.error().message();
    }

    const TestRelease release_ =
        make_release({.name = "1.0.0", .boot = numbers(1, 5), .root = numbers(1, 300)});
    // Partitions are larger than what is in them.
    std::vector<std::byte> boot_ = enlarged(release_.boot);
    std::vector<std::byte> root_ = enlarged(release_.root);
    std::vector<std::byte> hash_ = enlarged(release_.hash);
    std::optional<std::uint64_t> unreadable_; ///< A sector of ROOT.
};

TEST_F(CheckSet, TakesOneThatIsAsItWasMade)
{
    EXPECT_EQ(verdict(), "whole");
    flip(root_, 300 * block_bytes); // Behind the image.
    EXPECT_EQ(verdict(), "whole");
}

TEST_F(CheckSet, FindsOneFlippedBitAnywhereInRootAndInItsTree)
{
    for (const std::uint64_t block : {0U, 255U, 256U, 299U}) {
        flip(root_, block * block_bytes + 17);
        EXPECT_EQ(verdict(), "its root: block " + std::to_string(block) + " is corrupted");
        flip(root_, block * block_bytes + 17);
    }
    const auto blocks = release_.hash.size() / block_bytes;
    ASSERT_EQ(blocks, 5U) << "superblock, top, three blocks of leaves";
    for (std::uint64_t block = 0; block < blocks; ++block) {
        flip(hash_, block * block_bytes + 1);
        EXPECT_NE(verdict(), "whole") << block;
        flip(hash_, block * block_bytes + 1);
    }
    EXPECT_EQ(verdict(), "whole");
}

TEST_F(CheckSet, FindsWhatDoesNotBelongTogether)
{
    name(std::string(64, 'a'));
    EXPECT_EQ(verdict(), "its boot image is for another root");
    flip(boot_, 0);
    EXPECT_EQ(verdict(), "it holds no boot image");
}

TEST_F(CheckSet, FindsWhatCannotBeRead)
{
    unreadable_ = 270 * 8;
    EXPECT_THAT(verdict(), HasSubstr("its root"));
}

} // namespace
} // namespace holdfast::update
