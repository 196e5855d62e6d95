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
Images sample_images()
{
    io::FakeDisk tree(verity_layout(130).total_bytes);
    VerityWriter writer(tree, {.uuid = {}, .data_blocks = 130, .salt = filled(32, 5)});
    crypto::SaltedSha256 salted(filled(32, 5));
    for (std::uint32_t block = 0; block < 130; ++block) {
        const auto hash = salted.digest(filled(block_bytes, static_cast<int>(block)));
        EXPECT_TRUE(writer.set_leaf(block, hash).has_value());
    }
    EXPECT_TRUE(writer.finish().has_value());
    Images images{.boot = io::FakeDisk(2 * block_bytes + 512), .hash = io::FakeDisk(0)};
    images.boot.set_content(filled(2 * block_bytes + 512, 200));
    images.hash.set_content(tree.content());
    return images;
}

TEST(BlockList, TellsEveryBlockOfBootAndRoot)
{
    auto images = sample_images();
    const auto file = make_block_list(images.boot, images.hash);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->size(), 536U + (3 + 130) * key_bytes);
    EXPECT_EQ(file->size(), block_list_bytes(2 * block_bytes + 512, 130));
    // At the end of a partition, behind something else.
    io::FakeDisk partition(3 * block_bytes);
    auto padded = *file;
    padded.resize(block_bytes);
    ASSERT_TRUE(partition.write(2 * block_bytes, padded).has_value());
    auto list = open_block_list(partition, 2 * block_bytes, file->size());
    ASSERT_TRUE(list.has_value()) << list.error().message();
    EXPECT_EQ(list->head.boot_bytes, 2 * block_bytes + 512);
    EXPECT_EQ(list->head.verity.data_blocks, 130U);
    ASSERT_EQ(list->boot.count(), 3U);
    ASSERT_EQ(list->root.count(), 130U);

    crypto::SaltedSha256 salted(filled(32, 5));
    EXPECT_TRUE(*list->root.accepts(129, salted.digest(filled(block_bytes, 129))));
    EXPECT_FALSE(*list->root.accepts(128, salted.digest(filled(block_bytes, 129))));
    EXPECT_TRUE(*list->boot.accepts(1, salted.digest(filled(block_bytes, 200))));
    auto last = filled(block_bytes, 0);
    std::fill_n(last.begin(), 512, std::byte{200});
    EXPECT_TRUE(*list->boot.accepts(2, salted.digest(last)));
}

TEST(BlockList, IsRefusedWhenAnyNumberInItIsWrong)
{
    auto images = sample_images();
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
        const auto list = parse_block_list_head(file, file.size());
        ASSERT_FALSE(list.has_value()) << "offset " << offset;
        EXPECT_EQ(list.error().code(), code) << "offset " << offset;
    }
    for (const auto size : {std::size_t{0}, std::size_t{535}, good.size() - 1}) {
        EXPECT_FALSE(parse_block_list_head(std::span(good).first(size), size).has_value()) << size;
    }
    EXPECT_FALSE(parse_block_list_head(good, good.size() + 1).has_value());
}

TEST(BlockList, IsNotMadeOfATreeThatWasCutShort)
{
    auto images = sample_images();
    auto tree = images.hash.content();
    tree.resize(tree.size() - block_bytes);
    images.hash.set_content(std::move(tree));
    EXPECT_FALSE(make_block_list(images.boot, images.hash).has_value());
}

} // namespace
} // namespace holdfast::update
