#include "boot/manager/uefi_host.hpp"

/// Revocation by generation, as shim checks it. A security fix in the boot manager raises the
/// number behind "holdfast-boot". The last field is for people and must not be empty; there is no
/// web site, so it is a name. The linker is told to keep it.
extern "C" [[gnu::section(".sbat")]] const char holdfast_sbat[] =
    "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
    "holdfast-boot,1,Holdfast,holdfast-boot," HOLDFAST_VERSION ",urn:holdfast:boot-manager\n";

namespace holdfast::uefi {

namespace {

constexpr unsigned seconds_until_reset = 10;

/// Working memory: too big for the stack, and there is only one.
boot::PartitionTable table;

boot::Fault run(Handle self, SystemTable& system)
{
    const BootClock clock(*system.boot);
    LoaderVariables variables(system);
    variables.set_time(u"LoaderTimeInitUSec", clock.microseconds());
    variables.set_identity();

    void* image = nullptr;
    void* path = nullptr;
    if (failed(system.boot->handle_protocol(self, &loaded_image_protocol, &image)) ||
        failed(system.boot->handle_protocol(static_cast<LoadedImage*>(image)->device,
                                            &device_path_protocol, &path))) {
        return boot::Fault::no_disk;
    }
    const auto* device = static_cast<const DevicePath*>(path);
    const auto partition = partition_id(device);
    const auto disk_path = PathBuffer::disk_of(device);
    if (!partition || !disk_path) {
        return boot::Fault::no_disk;
    }
    variables.set_device(*partition);

    auto disk = UefiDisk::open(*system.boot, disk_path->path());
    if (!disk.has_value()) {
        return disk.error();
    }
    UefiHost host(self, system, *disk, *disk_path, clock);
    return boot::boot(*disk, table, host);
}

} // namespace

} // namespace holdfast::uefi

extern "C" holdfast::uefi::Status efi_main(holdfast::uefi::Handle self,
                                           holdfast::uefi::SystemTable* system)
{
    using namespace holdfast::uefi;
    const auto reason = run(self, *system);
    Console(system->console_out)
        .print(Text()
                   .add("cannot boot: ")
                   .add(text(reason))
                   .add("; restarting in ")
                   .add_number(seconds_until_reset)
                   .add(" seconds"));
    system->boot->stall(seconds_until_reset * 1'000'000);
    system->runtime->reset_system(ResetType::cold, success, 0, nullptr);
    return error_bit;
}
