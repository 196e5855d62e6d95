#include "boot/manager/uefi_disk.hpp"

#include <algorithm>

namespace holdfast::uefi {

using boot::Fault;
using boot::Outcome;

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t bounce_bytes = 64 * 1024;
/// Some drivers fail on transfers of many MiB.
constexpr std::size_t largest_transfer = 1024 * 1024;

} // namespace

Outcome<Pages> Pages::allocate(BootServices& services, std::uint64_t bytes)
{
    const auto count = (bytes + page_bytes - 1) / page_bytes;
    std::uint64_t address = 0;
    if (failed(services.allocate_pages(AllocateType::any_pages, MemoryType::loader_data, count,
                                       &address))) {
        return boot::fail(Fault::no_memory);
    }
    return Pages(services, {reinterpret_cast<std::byte*>(address), count * page_bytes});
}

Pages::Pages(Pages&& other) noexcept
    : services_(other.services_), bytes_(std::exchange(other.bytes_, {}))
{
}

Pages::~Pages()
{
    if (!bytes_.empty()) {
        services_.free_pages(reinterpret_cast<std::uint64_t>(bytes_.data()),
                             bytes_.size() / page_bytes);
    }
}

Outcome<UefiDisk> UefiDisk::open(BootServices& services, const DevicePath* path)
{
    Handle device = nullptr;
    void* io = nullptr;
    const auto* rest = path;
    // The rest of the path is what no device was found for.
    if (failed(services.locate_device_path(&block_io_protocol, &rest, &device)) ||
        rest->type != 0x7f ||
        failed(services.handle_protocol(device, &block_io_protocol, &io))) {
        return boot::fail(Fault::no_disk);
    }
    auto* block_io = static_cast<BlockIo*>(io);
    if (block_io->media->is_partition || !block_io->media->is_present) {
        return boot::fail(Fault::no_disk);
    }
    TRY_ASSIGN(auto bounce, Pages::allocate(services, bounce_bytes));
    return UefiDisk(block_io, std::move(bounce));
}

bool UefiDisk::is_aligned(const std::byte* buffer) const
{
    const auto alignment = std::max<std::uintptr_t>(io_->media->buffer_alignment, 1);
    return reinterpret_cast<std::uintptr_t>(buffer) % alignment == 0;
}

Outcome<void> UefiDisk::read(std::uint64_t block, std::span<std::byte> bytes)
{
    const bool direct = is_aligned(bytes.data());
    while (!bytes.empty()) {
        const auto size = std::min(bytes.size(), direct ? largest_transfer : bounce_bytes);
        auto* target = direct ? bytes.data() : bounce_.bytes().data();
        if (failed(io_->read_blocks(io_, io_->media->id, block, size, target))) {
            return boot::fail(Fault::read_failed);
        }
        if (!direct) {
            std::ranges::copy(bounce_.bytes().first(size), bytes.begin());
        }
        bytes = bytes.subspan(size);
        block += size / block_size();
    }
    return {};
}

Outcome<void> UefiDisk::write(std::uint64_t block, std::span<const std::byte> bytes)
{
    // Tables only, which are small: always through the aligned pages.
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), bounce_bytes));
        std::ranges::copy(piece, bounce_.bytes().begin());
        if (failed(io_->write_blocks(io_, io_->media->id, block, piece.size(),
                                     bounce_.bytes().data()))) {
            return boot::fail(Fault::write_failed);
        }
        bytes = bytes.subspan(piece.size());
        block += piece.size() / block_size();
    }
    return {};
}

Outcome<void> UefiDisk::flush()
{
    if (failed(io_->flush_blocks(io_))) {
        return boot::fail(Fault::write_failed);
    }
    return {};
}

} // namespace holdfast::uefi
