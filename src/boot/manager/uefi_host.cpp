#include "boot/manager/uefi_host.hpp"

#include "boot/core/pe.hpp"

#include <algorithm>

namespace holdfast::uefi {

using boot::Fault;
using boot::Outcome;

namespace {

/// The firmware resets the machine when the system has not taken over by then. Its own clock has
/// been running since it started us; the new system gets all of the time.
constexpr std::uintptr_t watchdog_seconds = 5 * 60;
/// Codes below belong to the firmware.
constexpr std::uint64_t watchdog_code = 0x10000;

const char16_t* image_name(const boot::Slot& slot)
{
    return slot.number == 0 ? u"holdfast-a.efi" : u"holdfast-b.efi";
}

std::uint64_t rounded_up(std::uint64_t number, std::uint64_t multiple)
{
    return (number + multiple - 1) / multiple * multiple;
}

} // namespace

UefiHost::UefiHost(Handle self, SystemTable& system, boot::Disk& disk, const PathBuffer& disk_path,
                   const BootClock& clock)
    : self_(self), system_(system), disk_(disk), disk_path_(disk_path), clock_(clock),
      console_(system.console_out), variables_(system)
{
}

void UefiHost::note(std::string_view what, Fault why)
{
    console_.print(Text().add(what).add(": ").add(text(why)));
}

void UefiHost::leave(const boot::Slot& slot, Fault why)
{
    note(slot.number == 0 ? "set A did not start" : "set B did not start", why);
    set_boot_fault(system_, Text().add("its boot image did not start: ").add(text(why)));
}

void UefiHost::announce(const boot::Slot& slot) const
{
    const char letter = slot.letter();
    console_.print(Text()
                       .add("starting set ")
                       .add(std::string_view(&letter, 1))
                       .add(" (priority ")
                       .add_number(slot.flags.priority)
                       .add(", tries left ")
                       .add_number(slot.flags.tries_left)
                       .add(", successful ")
                       .add(slot.flags.successful ? "yes)" : "no)"));
}

Outcome<Pages> UefiHost::read_image(const boot::Partition& partition, std::uint64_t& size)
{
    if (partition.first_block > partition.last_block ||
        partition.last_block >= disk_.block_count()) {
        return boot::fail(Fault::out_of_bounds);
    }
    const auto block_size = disk_.block_size();
    const auto room = (partition.last_block - partition.first_block + 1) * block_size;
    {
        TRY_ASSIGN(const auto head, Pages::allocate(*system_.boot, boot::pe_head_bytes));
        const auto bytes = head.bytes().first(std::min<std::uint64_t>(boot::pe_head_bytes, room));
        TRY(disk_.read(partition.first_block, bytes));
        TRY_ASSIGN(size, boot::pe_image_size(bytes));
    }
    if (size > room) {
        return boot::fail(Fault::bad_image);
    }
    const auto whole_blocks = rounded_up(size, block_size);
    TRY_ASSIGN(auto image, Pages::allocate(*system_.boot, whole_blocks));
    TRY(disk_.read(partition.first_block, image.bytes().first(whole_blocks)));
    return image;
}

Outcome<Handle> UefiHost::load(const boot::Slot& slot, const char16_t* name)
{
    // The path tells the image, and the firmware's measurements, which partition it came from.
    auto path = disk_path_;
    if (!path.add_partition(slot.index + 1, slot.partition) || !path.add_file(name)) {
        return boot::fail(Fault::no_memory);
    }
    std::uint64_t size = 0;
    TRY_ASSIGN(const auto image, read_image(slot.partition, size));
    Handle handle = nullptr;
    const auto status = system_.boot->load_image(false, self_, path.path(), image.bytes().data(),
                                                 size, &handle);
    if (!failed(status)) {
        return handle;
    }
    // With this status the firmware may have loaded the image all the same.
    if (status == security_violation && handle != nullptr) {
        system_.boot->unload_image(handle);
    }
    const bool distrust = status == security_violation || status == access_denied;
    return boot::fail(distrust ? Fault::not_trusted : Fault::refused);
}

Fault UefiHost::start(const boot::Slot& slot)
{
    announce(slot);
    const auto* name = image_name(slot);
    const auto image = load(slot, name);
    if (!image.has_value()) {
        return image.error();
    }
    variables_.set_entry(name);
    variables_.set_time(u"LoaderTimeExecUSec", clock_.microseconds());
    system_.boot->set_watchdog_timer(watchdog_seconds, watchdog_code, 0, nullptr);
    system_.boot->start_image(*image, nullptr, nullptr);
    return Fault::came_back;
}

} // namespace holdfast::uefi
