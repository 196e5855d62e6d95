#include "update/source/local_blocks.hpp"

#include "boot/core/pe.hpp"
#include "update/blocks/verity.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::update {

namespace {

/// A partial block at the end of the device cannot be a source.
std::uint32_t whole_blocks(const io::BlockDevice& device, std::uint64_t most)
{
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>({device.size() / block_bytes, most,
                                 std::numeric_limits<std::uint32_t>::max()}));
}

} // namespace

LocalBlocks::LocalBlocks(io::BlockDevice& device, std::uint64_t blocks,
                         std::span<const std::byte> salt, std::uint32_t window)
    : device_(&device), blocks_(whole_blocks(device, blocks)), salted_(salt), window_(window)
{
}

LocalBlocks LocalBlocks::of_root(io::BlockDevice& root, io::BlockDevice& hash,
                                 std::span<const std::byte> salt, std::uint32_t window)
{
    auto tree = open_verity_tree(hash);
    const auto blocks = tree.has_value() ? tree->superblock.data_blocks : 0;
    LocalBlocks local(root, blocks, salt, window);
    if (tree.has_value() && std::ranges::equal(tree->superblock.salt, salt)) {
        local.leaves_ = std::move(tree->leaves);
    }
    return local;
}

LocalBlocks LocalBlocks::of_boot(io::BlockDevice& boot, std::span<const std::byte> salt,
                                 std::uint32_t window)
{
    std::vector<std::byte> head(std::min<std::uint64_t>(boot::pe_head_bytes, boot.size()));
    const bool readable = boot.read(0, head).has_value();
    const auto bytes = boot::pe_image_size(head);
    const bool holds_image = readable && bytes.has_value();
    return {boot, holds_image ? blocks_for(*bytes) : 0, salt, window};
}

std::optional<BlockKey> LocalBlocks::key_of_block(std::uint32_t block)
{
    if (leaves_) {
        const auto key = leaves_->key(block);
        return key.has_value() ? std::optional(*key) : std::nullopt;
    }
    std::array<std::byte, block_bytes> bytes{};
    if (!device_->read(block * block_bytes, bytes).has_value()) {
        return std::nullopt;
    }
    return key_of(salted_.digest(bytes));
}

bool LocalBlocks::next_window()
{
    if (next_ == blocks_) {
        return false;
    }
    const auto end = next_ + std::min(window_, blocks_ - next_);
    index_.clear();
    index_.reserve(end - next_);
    for (; next_ < end; ++next_) {
        if (const auto key = key_of_block(next_)) {
            index_.push_back({*key, next_});
        }
    }
    std::ranges::sort(index_);
    return true;
}

bool LocalBlocks::read(BlockKey key, std::span<std::byte> block) const
{
    const auto found = std::ranges::lower_bound(index_, key, {}, &Entry::key);
    return found != index_.end() && found->key == key &&
           device_->read(found->block * block_bytes, block).has_value();
}

} // namespace holdfast::update
