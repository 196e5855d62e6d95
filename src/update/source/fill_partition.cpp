#include "update/source/fill_partition.hpp"

#include "update/source/block_assembler.hpp"
#include "update/source/ranges.hpp"

#include <algorithm>
#include <numeric>

namespace holdfast::update {

namespace {

using Block = std::array<std::byte, block_bytes>;

/// Blocks that are read at once when a whole partition is read back.
constexpr std::uint64_t blocks_per_read = 64;

/// Fills one partition, once.
class Filler {
public:
    Filler(Transfer& transfer, const Filling& filling, const BlockMap* map)
        : transfer_(transfer), filling_(filling), map_(map), salted_(filling.salt),
          zero_hash_(salted_.digest(Block{}))
    {
    }

    Result<void> run()
    {
        if (map_ == nullptr) {
            missing_.resize(blocks_for(filling_.payload.length));
            std::iota(missing_.begin(), missing_.end(), 0U);
            TRY(fetch_whole());
        } else {
            TRY(reuse());
            TRY(fetch_missing());
        }
        return filling_.target.flush();
    }

    /// All that is in place comes from `bytes`.
    Result<void> run_with(std::span<const std::byte> bytes)
    {
        BlockAssembler assembler(
            0, filling_.payload.length,
            [this](std::uint32_t block, std::span<const std::byte> content) -> Result<void> {
                TRY(transfer_.go_on());
                TRY(write(block, content));
                transfer_.copied(bytes_in(block));
                return {};
            });
        TRY(assembler.add(bytes));
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

    /// Puts everything into place that this machine has, and notes the rest as missing.
    Result<void> reuse()
    {
        for (std::uint32_t block = 0; block < map_->count(); ++block) {
            TRY(transfer_.go_on());
            TRY_ASSIGN(const bool is_there, reuse_block(block));
            if (!is_there) {
                missing_.push_back(block);
            }
        }
        return {};
    }

    Result<bool> reuse_block(std::uint32_t block)
    {
        // A sector that cannot be read may well be written.
        const bool readable = filling_.target.read(block * block_bytes, in_place_).has_value();
        const auto hash = find_source(block);
        if (!hash) {
            return readable && keep(block, salted_.digest(in_place_));
        }
        filling_.learn(block, *hash);
        if (readable && source_ == in_place_) {
            transfer_.kept(bytes_in(block));
            return true;
        }
        TRY(write(block, source_));
        transfer_.copied(bytes_in(block));
        return true;
    }

    bool keep(std::uint32_t block, const crypto::Sha256& hash)
    {
        if (!map_->accepts(block, hash)) {
            return false;
        }
        filling_.learn(block, hash);
        transfer_.kept(bytes_in(block));
        return true;
    }

    /// Reads the wanted block into `source_` and gives its hash, where this machine has it outside
    /// the target. What cannot be read is not there.
    std::optional<crypto::Sha256> find_source(std::uint32_t block)
    {
        if (map_->accepts(block, zero_hash_)) {
            source_ = {};
            return zero_hash_;
        }
        const auto* local = filling_.local;
        const auto found = local != nullptr ? local->index.find(map_->key(block)) : std::nullopt;
        if (!found || !local->device.read(*found * block_bytes, source_).has_value()) {
            return std::nullopt;
        }
        const auto hash = salted_.digest(source_);
        return map_->accepts(block, hash) ? std::optional(hash) : std::nullopt;
    }

    Result<void> fetch_missing()
    {
        for (const auto range : plan_ranges(missing_, transfer_.limits().blocks_per_request)) {
            TRY(transfer_.go_on());
            const auto fetched = fetch_range(range);
            if (!fetched.has_value() && fetched.error().code() == Errc::unsupported) {
                return fetch_whole();
            }
            TRY(fetched);
        }
        return {};
    }

    Result<void> fetch_range(BlockRange range)
    {
        return fetch_from(range.first, bytes_of(range, filling_.payload.length));
    }

    /// For servers that don't give parts, and payloads that nothing is known about.
    Result<void> fetch_whole()
    {
        return next_missing_ == missing_.size() ? Result<void>() : fetch_from(0, std::nullopt);
    }

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

    /// Blocks come in ascending order, as `missing_` is.
    Result<void> take_fetched(std::uint32_t block, std::span<const std::byte> bytes)
    {
        if (next_missing_ == missing_.size() || missing_[next_missing_] != block) {
            return {};
        }
        const auto hash = salted_.digest(bytes);
        if (map_ != nullptr && !map_->accepts(block, hash)) {
            return fail(Errc::corrupt, "{}: block {} is not what the release says",
                        filling_.payload.url, block);
        }
        TRY(write(block, bytes));
        filling_.learn(block, hash);
        transfer_.fetched(bytes_in(block));
        ++next_missing_;
        return {};
    }

    Transfer& transfer_;
    const Filling& filling_;
    const BlockMap* map_;
    crypto::SaltedSha256 salted_;
    crypto::Sha256 zero_hash_;
    Block in_place_{};
    Block source_{};
    std::vector<std::uint32_t> missing_; ///< Ascending.
    std::size_t next_missing_ = 0;       ///< The first one that is not in place yet.
    std::uint64_t written_ = 0;
};

Result<void> read_back(Transfer& transfer, const Filling& filling)
{
    TRY_ASSIGN(const bool holds, holds_payload(transfer, filling.payload, filling.target));
    if (!holds) {
        return fail(Errc::corrupt, "{}: the partition does not hold what the release says",
                    filling.payload.name);
    }
    return {};
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
    TRY(Filler(transfer, filling, filling.map).run());
    const auto good = read_back(transfer, filling);
    if (good.has_value() || good.error().code() != Errc::corrupt || filling.map == nullptr) {
        return good;
    }
    // Two blocks with one key, or a map that is wrong: both cost a download, not the update.
    transfer.take_back(before);
    TRY(Filler(transfer, filling, nullptr).run());
    return read_back(transfer, filling);
}

Result<void> fill_partition_with(Transfer& transfer, const Filling& filling,
                                 std::span<const std::byte> bytes)
{
    check(bytes.size() == filling.payload.length, "the bytes are the payload");
    TRY(Filler(transfer, filling, nullptr).run_with(bytes));
    return read_back(transfer, filling);
}

} // namespace holdfast::update
