#include "update/blocks/block_map.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

/// A multiple of all sector sizes.
constexpr std::uint64_t window_bytes = 64 << 10;

BlockKey first_bytes(std::span<const std::byte> hash)
{
    BlockKey key = 0;
    for (const auto byte : hash.first(key_bytes)) {
        key = key << 8 | std::to_integer<BlockKey>(byte);
    }
    return key;
}

} // namespace

BlockKey key_of(const crypto::Sha256& hash)
{
    return first_bytes(hash.bytes());
}

BlockMap::BlockMap(io::BlockDevice& device, std::uint64_t at, std::uint32_t count, Entry entry)
    : device_(&device), at_(at), count_(count), entry_bytes_(static_cast<std::size_t>(entry))
{
    check(at + count * entry_bytes_ <= device.size(), "a block map lies within its device");
}

Result<void> BlockMap::load(std::uint64_t at)
{
    const auto start = at - at % device_->sector_size();
    window_.resize(std::min(window_bytes, device_->size() - start));
    window_at_ = start;
    const auto read = device_->read(start, window_);
    if (!read.has_value()) {
        window_.clear();
    }
    return read;
}

Result<std::span<const std::byte>> BlockMap::entry(std::uint32_t block)
{
    check(block < count_, "a block map has an entry for each block");
    const auto at = at_ + block * entry_bytes_;
    if (at < window_at_ || at + entry_bytes_ > window_at_ + window_.size()) {
        TRY(load(at));
    }
    return std::span<const std::byte>(window_).subspan(at - window_at_, entry_bytes_);
}

Result<BlockKey> BlockMap::key(std::uint32_t block)
{
    TRY_ASSIGN(const auto bytes, entry(block));
    return first_bytes(bytes);
}

Result<bool> BlockMap::accepts(std::uint32_t block, const crypto::Sha256& hash)
{
    TRY_ASSIGN(const auto bytes, entry(block));
    return std::ranges::equal(bytes, std::span(hash.bytes()).first(entry_bytes_));
}

} // namespace holdfast::update
