#include "update/blocks/block_list.hpp"

#include "io/testing/fake_disk.hpp"

#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

struct Images {
    io::FakeDisk boot;
    io::FakeDisk hash;
};

std::vector<std::byte> filled(std::size_t size, int value)
{
    return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

/// A boot payload of two and an eighth blocks, and the tree of 130 blocks of ROOT.
Images sample()
{
    VerityBuilder builder({.uuid = {}, .data_blocks = 130, .salt = filled(32, 5)});
    crypto::SaltedSha256 salted(filled(32, 5));
    for (std::uint32_t block = 0; block < 130; ++block) {
        builder.set_leaf(block, salted.digest(filled(block_bytes, static_cast<int>(block))));
    }
    auto tree = builder.finish();
    Images images{.boot = io::FakeDisk(2 * block_bytes + 512), .hash = io::FakeDisk(tree.size())};
    images.boot.set_content(filled(2 * block_bytes + 512, 200));
    images.hash.set_content(std::move(tree));
    return images;
}

TEST(BlockList, TellsEveryBlockOfBootAndRoot)
{
    auto images = sample();
    const auto file = make_block_list(images.boot, images.hash);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->size(), 536U + (3 + 130) * key_bytes);
    const auto list = parse_block_list(*file);
    ASSERT_TRUE(list.has_value());
    EXPECT_EQ(list->boot_bytes, 2 * block_bytes + 512);
    EXPECT_EQ(list->verity.data_blocks, 130U);
    ASSERT_EQ(list->boot.count(), 3U);
    ASSERT_EQ(list->root.count(), 130U);

    crypto::SaltedSha256 salted(filled(32, 5));
    EXPECT_TRUE(list->root.accepts(129, salted.digest(filled(block_bytes, 129))));
    EXPECT_FALSE(list->root.accepts(128, salted.digest(filled(block_bytes, 129))));
    EXPECT_TRUE(list->boot.accepts(1, salted.digest(filled(block_bytes, 200))));
    auto last = filled(block_bytes, 0);
    std::fill_n(last.begin(), 512, std::byte{200});
    EXPECT_TRUE(list->boot.accepts(2, salted.digest(last)));
}

TEST(BlockList, IsRefusedWhenAnyNumberInItIsWrong)
{
    auto images = sample();
    const auto good = *make_block_list(images.boot, images.hash);
    struct Case {
        std::size_t offset;
        Errc code;
    };
    // Magic, version, block size, boot bytes (low and high), tree's signature, its data blocks.
    for (const auto& [offset, code] :
         {Case{0, Errc::corrupt}, Case{8, Errc::unsupported}, Case{12, Errc::unsupported},
          Case{17, Errc::corrupt}, Case{23, Errc::corrupt}, Case{24, Errc::corrupt},
          Case{24 + 72, Errc::corrupt}, Case{24 + 79, Errc::corrupt}}) {
        auto file = good;
        file[offset] ^= std::byte{0x40};
        const auto list = parse_block_list(file);
        ASSERT_FALSE(list.has_value()) << "offset " << offset;
        EXPECT_EQ(list.error().code(), code) << "offset " << offset;
    }
    for (const auto size : {std::size_t{0}, std::size_t{535}, good.size() - 1}) {
        EXPECT_FALSE(parse_block_list(std::span(good).first(size)).has_value()) << size;
    }
    auto longer = good;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(parse_block_list(longer).has_value());
}

TEST(BlockList, IsNotMadeOfATreeThatWasCutShort)
{
    auto images = sample();
    auto tree = images.hash.content();
    tree.resize(tree.size() - block_bytes);
    images.hash.set_content(std::move(tree));
    EXPECT_FALSE(make_block_list(images.boot, images.hash).has_value());
}

} // namespace
} // namespace holdfast::update
