#pragma once

#include "boot/core/disk.hpp"
#include "io/block_device.hpp"

#include <optional>

namespace holdfast::boot {

/// Lets `boot/core` work on a disk or an image file of the operating system.
class BlockDeviceDisk final : public Disk {
public:
    /// `device` must outlive this object.
    explicit BlockDeviceDisk(io::BlockDevice& device) : device_(device) {}

    std::uint32_t block_size() const override { return device_.sector_size(); }
    std::uint64_t block_count() const override { return device_.size() / device_.sector_size(); }
    Outcome<void> read(std::uint64_t block, std::span<std::byte> bytes) override;
    Outcome<void> write(std::uint64_t block, std::span<const std::byte> bytes) override;
    Outcome<void> flush() override;

    /// A fault as an error with the words of the operating system, where it was the device that
    /// failed last.
    Failure<Error> explain(Fault fault) const;

private:
    Outcome<void> judge(const Result<void>& result, Fault fault);

    io::BlockDevice& device_;
    std::optional<Error> last_error_;
};

} // namespace holdfast::boot
