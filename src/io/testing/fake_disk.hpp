#pragma once

#include "io/block_device.hpp"

#include <optional>
#include <random>
#include <vector>

namespace holdfast::io {

/// A disk in memory with a write cache that a power cut treats the way real ones do: each sector
/// that was written and not flushed is then old, new, or new in its first part only, whatever the
/// order of the writes was. Which, the seed decides.
class FakeDisk final : public BlockDevice {
public:
    explicit FakeDisk(std::uint64_t size, std::uint32_t sector_size = 512, std::uint64_t seed = 0);

    std::uint32_t sector_size() const override { return sector_size_; }
    std::uint64_t size() const override { return durable_.size(); }
    Result<void> read(std::uint64_t offset, std::span<std::byte> bytes) override;
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override;
    Result<void> flush() override;

    /// The first `steps` writes and flushes from now on succeed. At the next one power goes: a
    /// write has then reached the cache but not more, a flush has done nothing, and all that
    /// follows fails with `io` until `restart()`.
    void cut_power_after(int steps) { steps_left_ = steps; }
    /// Power is back. What was in the cache is lost, kept or torn, sector by sector.
    void restart();

    /// From now on writes to sectors in [first, last] fail with `io`, as on worn media.
    void refuse_writes(std::uint64_t first, std::uint64_t last) { refused_ = {first, last}; }
    /// From now on reads of sectors in [first, last] fail with `io`.
    void refuse_reads(std::uint64_t first, std::uint64_t last) { unreadable_ = {first, last}; }

    /// Calls of `write` and `flush` so far.
    int steps_done() const { return steps_done_; }
    /// What a reader finds now, cache included; for setting up and for looking.
    std::vector<std::byte> content() const;
    /// Replaces everything, cache included. The size may change.
    void set_content(std::vector<std::byte> bytes);

private:
    struct SectorWrite {
        std::uint64_t sector;
        std::vector<std::byte> bytes;
    };
    struct SectorRange {
        std::uint64_t first;
        std::uint64_t last;
    };

    Result<void> check_range(std::uint64_t offset, std::size_t size) const;
    bool touches(const std::optional<SectorRange>& range, std::uint64_t offset,
                 std::size_t size) const;
    /// Whether power goes at this step.
    bool take_step();
    void store(const SectorWrite& written, std::vector<std::byte>& bytes, std::size_t length) const;

    std::uint32_t sector_size_;
    std::vector<std::byte> durable_;
    std::vector<SectorWrite> cache_; ///< Oldest first.
    std::mt19937_64 random_;
    std::optional<int> steps_left_;
    int steps_done_ = 0;
    bool is_off_ = false;
    std::optional<SectorRange> refused_;
    std::optional<SectorRange> unreadable_;
};

} // namespace holdfast::io
