#include "update/source/fill_partition.hpp"

#include "update/source/block_assembler.hpp"
#include "update/source/ranges.hpp"

#include <algorithm>

namespace holdfast::update {

namespace {

using Block = std::array<std::byte, block_bytes>;

/// Blocks that are read at once when a whole partition is read back.
constexpr std::uint64_t blocks_per_read = 64;

/// Fills one partition, once.
class Filler {
public:
    Filler(Transfer& transfer, const Filling& filling, BlockMap* map)
        : transfer_(transfer), filling_(filling), map_(map), salted_(filling.salt),
          zero_hash_(salted_.digest(Block{})), is_in_place_(blocks_for(filling.payload.length))
    {
    }

    Result<void> run()
    {
        if (map_ == nullptr) {
            TRY(fetch_whole());
        } else {
            TRY(reuse());
            TRY(fetch_missing());
        }
        return filling_.target.flush();
    }

private:
    std::uint64_t bytes_in(std::uint32_t block) const
    {
        return std::min(block_bytes, filling_.payload.length - block * block_bytes);
    }

    Result<void> write(std::uint32_t block, std::span<const std::byte> bytes)
    {
        TRY(filling_.target.write(block * block_bytes, bytes));
        if (++written_ % transfer_.limits().blocks_per_flush == 0) {
            TRY(filling_.target.flush());
        }
        return {};
    }

    /// Puts everything into place that this machine has.
    Result<void> reuse()
    {
        (void)next_window();
        TRY(for_each_missing(&Filler::look_everywhere));
        while (next_window()) {
            TRY(for_each_missing(&Filler::look_in_window));
        }
        return {};
    }

    bool next_window() { return filling_.local != nullptr && filling_.local->next_window(); }

    Result<void> for_each_missing(Result<void> (Filler::*look)(std::uint32_t block))
    {
        for (std::uint32_t block = 0; block < is_in_place_.size(); ++block) {
            if (!is_in_place_[block]) {
                TRY(transfer_.go_on());
                TRY((this->*look)(block));
            }
        }
        return {};
    }

    Result<void> look_everywhere(std::uint32_t block)
    {
        // A sector that cannot be read may well be written.
        const bool readable = filling_.target.read(block * block_bytes, in_place_).has_value();
        TRY_ASSIGN(auto hash, find_source(block));
        if (!hash && readable) {
            source_ = in_place_;
            TRY_ASSIGN(hash, hash_of_source(block));
        }
        if (!hash) {
            return {};
        }
        if (!readable || source_ != in_place_) {
            return copy(block, *hash);
        }
        transfer_.kept(bytes_in(block));
        return settle(block, *hash);
    }

    Result<void> look_in_window(std::uint32_t block)
    {
        TRY_ASSIGN(const auto hash, find_in_window(block));
        return hash ? copy(block, *hash) : Result<void>();
    }

    /// `source_` is the block.
    Result<void> copy(std::uint32_t block, const crypto::Sha256& hash)
    {
        TRY(write(block, source_));
        transfer_.copied(bytes_in(block));
        return settle(block, hash);
    }

    Result<void> settle(std::uint32_t block, const crypto::Sha256& hash)
    {
        is_in_place_[block] = true;
        return filling_.learn(block, hash);
    }

    /// Reads the wanted block into `source_` and gives its hash, where this machine has it outside
    /// the target. What cannot be read is not there.
    Result<std::optional<crypto::Sha256>> find_source(std::uint32_t block)
    {
        TRY_ASSIGN(const bool is_zero, map_->accepts(block, zero_hash_));
        if (is_zero) {
            source_ = {};
            return std::optional(zero_hash_);
        }
        return find_in_window(block);
    }

    Result<std::optional<crypto::Sha256>> find_in_window(std::uint32_t block)
    {
        TRY_ASSIGN(const auto key, map_->key(block));
        if (filling_.local == nullptr || !filling_.local->read(key, source_)) {
            return std::optional<crypto::Sha256>();
        }
        return hash_of_source(block);
    }

    /// The hash of `source_`, if it is the block.
    Result<std::optional<crypto::Sha256>> hash_of_source(std::uint32_t block)
    {
        const auto hash = salted_.digest(source_);
        TRY_ASSIGN(const bool is_right, map_->accepts(block, hash));
        return is_right ? std::optional(hash) : std::nullopt;
    }

    Result<void> fetch_missing()
    {
        std::uint32_t from = 0;
        const auto most = transfer_.limits().blocks_per_request;
        while (const auto range = next_range(is_in_place_, from, most)) {
            TRY(transfer_.go_on());
            const auto fetched = fetch_range(*range);
            if (!fetched.has_value() && fetched.error().code() == Errc::unsupported) {
                return fetch_whole();
            }
            TRY(fetched);
            from = range->first + range->count;
        }
        return {};
    }

    Result<void> fetch_range(BlockRange range)
    {
        return fetch_from(range.first, bytes_of(range, filling_.payload.length));
    }

    /// For servers that don't give parts, and payloads that nothing is known about.
    Result<void> fetch_whole() { return fetch_from(0, std::nullopt); }

    Result<void> fetch_from(std::uint32_t first, std::optional<io::ByteRange> range)
    {
        BlockAssembler assembler(
            first, filling_.payload.length,
            [this](std::uint32_t block, std::span<const std::byte> bytes) -> Result<void> {
                TRY(transfer_.go_on());
                return take_fetched(block, bytes);
            });
        return transfer_.fetch(
            filling_.payload, range,
            [&assembler](std::span<const std::byte> piece) { return assembler.add(piece); });
    }

    Result<void> take_fetched(std::uint32_t block, std::span<const std::byte> bytes)
    {
        if (is_in_place_[block]) {
            return {};
        }
        const auto hash = salted_.digest(bytes);
        TRY_ASSIGN(const bool is_right, accepts(block, hash));
        if (!is_right) {
            return fail(Errc::corrupt, "{}: block {} is not what the release says",
                        filling_.payload.url, block);
        }
        TRY(write(block, bytes));
        transfer_.fetched(bytes_in(block));
        return settle(block, hash);
    }

    Result<bool> accepts(std::uint32_t block, const crypto::Sha256& hash)
    {
        return map_ == nullptr ? true : map_->accepts(block, hash);
    }

    Transfer& transfer_;
    const Filling& filling_;
    BlockMap* map_;
    crypto::SaltedSha256 salted_;
    crypto::Sha256 zero_hash_;
    Block in_place_{};
    Block source_{};
    std::vector<bool> is_in_place_; ///< Of each block of the payload.
    std::uint64_t written_ = 0;
};

Result<void> read_back(Transfer& transfer, const Filling& filling)
{
    TRY_ASSIGN(const bool holds, holds_payload(transfer, filling.payload, filling.target));
    if (!holds) {
        return fail(Errc::corrupt, "{}: what came is not what the release says",
                    filling.payload.name);
    }
    return {};
}

Result<void> fill_by(Transfer& transfer, const Filling& filling, BlockMap* map)
{
    TRY(Filler(transfer, filling, map).run());
    return read_back(transfer, filling);
}

} // namespace

bool fits(const Payload& payload, const io::BlockDevice& device)
{
    return payload.length > 0 && payload.length <= device.size() &&
           blocks_for(payload.length) * block_bytes <= device.size();
}

Result<bool> holds_payload(Transfer& transfer, const Payload& payload, io::BlockDevice& device)
{
    if (!fits(payload, device)) {
        return false;
    }
    std::vector<std::byte> buffer(blocks_per_read * block_bytes);
    crypto::Sha256Stream hash;
    for (std::uint64_t at = 0; at < payload.length; at += buffer.size()) {
        TRY(transfer.go_on());
        const auto left = payload.length - at;
        const auto whole_blocks = std::min(buffer.size(), blocks_for(left) * block_bytes);
        TRY(device.read(at, std::span(buffer).first(whole_blocks)));
        hash.update(std::span(buffer).first(std::min(whole_blocks, left)));
    }
    return hash.finish() == payload.sha256;
}

Result<void> fill_partition(Transfer& transfer, const Filling& filling)
{
    if (filling.map == nullptr) {
        const auto there = holds_payload(transfer, filling.payload, filling.target);
        if (there.has_value() && *there) {
            transfer.kept(filling.payload.length);
            return {};
        }
    }
    const auto before = transfer.progress();
    const auto good = fill_by(transfer, filling, filling.map);
    if (good.has_value() || good.error().code() != Errc::corrupt || filling.map == nullptr) {
        return good;
    }
    // Two blocks with one key, or a map that is wrong: both cost a download, not the update. So does
    // a server that sends something else, before its bytes are refused.
    transfer.take_back(before);
    return fill_by(transfer, filling, nullptr);
}

} // namespace holdfast::update
