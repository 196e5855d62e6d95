#pragma once

#include "boot/core/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::boot {

/// A whole disk, as `boot/core` needs it: UEFI Block I/O in the boot manager, `io::BlockDevice` in
/// user space. Buffers are whole blocks. A write may stay in caches until `flush()` returns.
class Disk {
public:
    virtual std::uint32_t block_size() const = 0;
    virtual std::uint64_t block_count() const = 0;
    virtual Outcome<void> read(std::uint64_t block, std::span<std::byte> bytes) = 0;
    virtual Outcome<void> write(std::uint64_t block, std::span<const std::byte> bytes) = 0;
    virtual Outcome<void> flush() = 0;

protected:
    // Not virtual: nobody owns a disk through this type, and a virtual one would need a heap.
    ~Disk() = default;
};

} // namespace holdfast::boot
