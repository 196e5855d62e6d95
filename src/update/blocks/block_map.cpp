#include "update/blocks/block_map.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

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

BlockMap::BlockMap(std::vector<std::byte> entries, Entry entry)
    : entries_(std::move(entries)), entry_bytes_(static_cast<std::size_t>(entry))
{
    check(entries_.size() % entry_bytes_ == 0, "a block map has whole entries");
}

std::uint32_t BlockMap::count() const
{
    return static_cast<std::uint32_t>(entries_.size() / entry_bytes_);
}

std::span<const std::byte> BlockMap::entry(std::uint32_t block) const
{
    return std::span(entries_).subspan(block * entry_bytes_, entry_bytes_);
}

BlockKey BlockMap::key(std::uint32_t block) const
{
    return first_bytes(entry(block));
}

bool BlockMap::accepts(std::uint32_t block, const crypto::Sha256& hash) const
{
    return std::ranges::equal(entry(block), std::span(hash.bytes()).first(entry_bytes_));
}

} // namespace holdfast::update
