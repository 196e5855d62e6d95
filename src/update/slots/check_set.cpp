#include "update/slots/check_set.hpp"

#include "boot/core/pe.hpp"
#include "update/blocks/verity.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

constexpr std::uint64_t blocks_per_read = 256;

/// The bytes of the boot image that lies on the partition.
Result<std::uint64_t> boot_image_size(io::BlockDevice& boot)
{
    std::vector<std::byte> head(std::min<std::uint64_t>(boot::pe_head_bytes, boot.size()));
    TRY(boot.read(0, head));
    const auto size = boot::pe_image_size(head);
    if (!size.has_value() || *size > boot.size()) {
        return fail(Errc::corrupt, "it holds no boot image");
    }
    return *size;
}

/// The kernel's command line lies in the image as text.
Result<void> check_names(io::BlockDevice& boot, const std::string& root_hash)
{
    TRY_ASSIGN(const auto size, boot_image_size(boot));
    const auto wanted = std::as_bytes(std::span(root_hash));
    // Windows that overlap by more than the hash.
    std::vector<std::byte> window(2 * block_bytes);
    for (std::uint64_t at = 0; at < size; at += block_bytes) {
        const auto bytes =
            std::span(window).first(std::min<std::uint64_t>(window.size(), boot.size() - at));
        TRY(boot.read(at, bytes));
        if (!std::ranges::search(bytes, wanted).empty()) {
            return {};
        }
    }
    return fail(Errc::corrupt, "its boot image is for another root");
}

Result<void> check_root(io::BlockDevice& root, VerityTree tree)
{
    const auto blocks = tree.leaves.count();
    if (root.size() / block_bytes < blocks) {
        return fail(Errc::corrupt, "it is smaller than its hash tree says");
    }
    crypto::SaltedSha256 salted(tree.superblock.salt);
    std::vector<std::byte> piece(blocks_per_read * block_bytes);
    for (std::uint32_t block = 0; block < blocks; ++block) {
        const auto within = block % blocks_per_read;
        if (within == 0) {
            const auto count = std::min<std::uint64_t>(blocks_per_read, blocks - block);
            TRY(root.read(block * block_bytes, std::span(piece).first(count * block_bytes)));
        }
        const auto hash =
            salted.digest(std::span(piece).subspan(within * block_bytes, block_bytes));
        TRY_ASSIGN(const bool right, tree.leaves.accepts(block, hash));
        if (!right) {
            return fail(Errc::corrupt, "block {} is corrupted", block);
        }
    }
    return {};
}

} // namespace

Result<void> check_set(const SetDevices& set)
{
    for (auto* device : {&set.boot, &set.root, &set.hash}) {
        TRY(device->flush()); // What is in memory may be better than what lies on the disk.
    }
    TRY_ASSIGN(auto tree, open_verity_tree(set.hash).while_("its hash tree"));
    TRY_ASSIGN(const auto root_hash, check_verity_tree(set.hash).while_("its hash tree"));
    TRY(check_names(set.boot, root_hash.hex()));
    return check_root(set.root, std::move(tree)).while_("its root");
}

} // namespace holdfast::update
