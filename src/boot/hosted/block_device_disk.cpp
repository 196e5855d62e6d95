#include "boot/hosted/block_device_disk.hpp"

#include <limits>

namespace holdfast::boot {

namespace {

Errc code_of(Fault fault)
{
    switch (fault) {
    case Fault::read_failed:
    case Fault::write_failed: return Errc::io;
    case Fault::bad_text: return Errc::invalid;
    case Fault::unsupported_blocks:
    case Fault::too_large: return Errc::unsupported;
    case Fault::no_table:
    case Fault::bad_header:
    case Fault::bad_header_checksum:
    case Fault::misplaced_header:
    case Fault::out_of_bounds:
    case Fault::bad_entries_checksum:
    case Fault::bad_image: return Errc::corrupt;
    case Fault::no_disk:
    case Fault::nothing_bootable: return Errc::not_found;
    case Fault::no_memory:
    case Fault::refused:
    case Fault::not_trusted:
    case Fault::came_back: return Errc::internal; // Of the firmware; never seen here.
    }
    return Errc::internal;
}

} // namespace

Outcome<void> BlockDeviceDisk::read(std::uint64_t block, std::span<std::byte> bytes)
{
    // A table may name any block; one that no byte offset can reach is just not readable.
    if (block > std::numeric_limits<std::int64_t>::max() / block_size()) {
        return fail(Fault::read_failed);
    }
    return judge(device_.read(block * block_size(), bytes), Fault::read_failed);
}

Outcome<void> BlockDeviceDisk::write(std::uint64_t block, std::span<const std::byte> bytes)
{
    if (block > std::numeric_limits<std::int64_t>::max() / block_size()) {
        return fail(Fault::write_failed);
    }
    return judge(device_.write(block * block_size(), bytes), Fault::write_failed);
}

Outcome<void> BlockDeviceDisk::flush()
{
    return judge(device_.flush(), Fault::write_failed);
}

Outcome<void> BlockDeviceDisk::judge(const Result<void>& result, Fault fault)
{
    if (result.has_value()) {
        return {};
    }
    last_error_ = result.error();
    return boot::fail(fault);
}

Failure<Error> BlockDeviceDisk::explain(Fault fault) const
{
    const bool by_device = fault == Fault::read_failed || fault == Fault::write_failed;
    if (by_device && last_error_) {
        return Failure{*last_error_};
    }
    return holdfast::fail(code_of(fault), "{}", text(fault));
}

} // namespace holdfast::boot
