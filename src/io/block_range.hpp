#pragma once

#include "io/block_device.hpp"

namespace holdfast::io {

/// A part of a device as a device: a partition, for who has the whole disk open.
class BlockRange final : public BlockDevice {
public:
    /// `device` must outlive this object. Precondition: the part lies within it, in whole sectors.
    BlockRange(BlockDevice& device, std::uint64_t offset, std::uint64_t size)
        : device_(device), offset_(offset), size_(size)
    {
        check(offset <= device.size() && size <= device.size() - offset &&
                  offset % device.sector_size() == 0 && size % device.sector_size() == 0,
              "a part of a device lies within it");
    }

    std::uint32_t sector_size() const override { return device_.sector_size(); }
    std::uint64_t size() const override { return size_; }
    Result<void> read(std::uint64_t offset, std::span<std::byte> bytes) override
    {
        TRY(check_range(offset, bytes.size()));
        return device_.read(offset_ + offset, bytes);
    }
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override
    {
        TRY(check_range(offset, bytes.size()));
        return device_.write(offset_ + offset, bytes);
    }
    Result<void> flush() override { return device_.flush(); }

private:
    Result<void> check_range(std::uint64_t offset, std::size_t size) const
    {
        if (offset > size_ || size > size_ - offset) {
            return fail(Errc::io, "byte {} is past the end of the partition", offset);
        }
        return {};
    }

    BlockDevice& device_;
    std::uint64_t offset_;
    std::uint64_t size_;
};

} // namespace holdfast::io
