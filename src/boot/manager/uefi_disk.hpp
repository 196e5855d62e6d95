#pragma once

#include "boot/core/disk.hpp"
#include "boot/manager/uefi.hpp"

namespace holdfast::uefi {

/// Pages of memory from the firmware, given back at the end.
class Pages {
public:
    static boot::Outcome<Pages> allocate(BootServices& services, std::uint64_t bytes);
    Pages(Pages&& other) noexcept;
    Pages& operator=(Pages&&) = delete;
    ~Pages();

    std::span<std::byte> bytes() const { return bytes_; }

private:
    Pages(BootServices& services, std::span<std::byte> bytes) : services_(services), bytes_(bytes)
    {
    }

    BootServices& services_;
    std::span<std::byte> bytes_;
};

/// A whole disk through the firmware's driver.
class UefiDisk final : public boot::Disk {
public:
    /// The disk at the end of this path. Errors: `no_disk`, `no_memory`.
    static boot::Outcome<UefiDisk> open(BootServices& services, const DevicePath* path);

    std::uint32_t block_size() const override { return io_->media->block_size; }
    std::uint64_t block_count() const override { return io_->media->last_block + 1; }
    boot::Outcome<void> read(std::uint64_t block, std::span<std::byte> bytes) override;
    boot::Outcome<void> write(std::uint64_t block, std::span<const std::byte> bytes) override;
    boot::Outcome<void> flush() override;

private:
    UefiDisk(BlockIo* io, Pages bounce) : io_(io), bounce_(std::move(bounce)) {}
    /// Drivers may insist on aligned buffers; others go through pages, piece by piece.
    bool is_aligned(const std::byte* buffer) const;

    BlockIo* io_;
    Pages bounce_;
};

} // namespace holdfast::uefi
