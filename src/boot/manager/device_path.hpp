#pragma once

#include "boot/core/partition_table.hpp"
#include "boot/manager/uefi.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace holdfast::uefi {

/// A device path of our own making, always ended properly.
class PathBuffer {
public:
    PathBuffer() { end(); }

    /// The nodes of `device` before the one that names a partition: the way to its whole disk.
    /// Nothing when the path names no GPT partition, or is too long.
    static std::optional<PathBuffer> disk_of(const DevicePath* device);

    /// Adds the partition, and a name that the image in it shall have. False when there is no room.
    bool add_partition(std::uint32_t number, const boot::Partition& partition);
    bool add_file(const char16_t* name);

    const DevicePath* path() const { return reinterpret_cast<const DevicePath*>(bytes_.data()); }

private:
    /// Room for a node with this many bytes behind its header, filled in already; empty if none.
    std::span<std::byte> add_node(std::uint8_t type, std::uint8_t subtype, std::size_t body_size);
    void end();

    std::array<std::byte, 512> bytes_{};
    std::size_t length_ = 0; ///< Without the end node.
};

/// The GUID of the GPT partition that the path names.
std::optional<Guid> partition_id(const DevicePath* device);

bool is_end(const DevicePath* node);

} // namespace holdfast::uefi
