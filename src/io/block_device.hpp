#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::io {

/// A disk, a partition or an image file. Offsets and lengths are bytes and multiples of
/// `sector_size()`. A write may stay in caches until `flush()` returns.
class BlockDevice {
public:
    virtual ~BlockDevice() = default;

    virtual std::uint32_t sector_size() const = 0;
    virtual std::uint64_t size() const = 0;
    /// Fills all of `bytes`, or fails with `io`.
    virtual Result<void> read(std::uint64_t offset, std::span<std::byte> bytes) = 0;
    virtual Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    /// On return every earlier write survives a power cut, and is not kept in memory for readers.
    virtual Result<void> flush() = 0;
};

} // namespace holdfast::io
