#include "boot/initrd/kernel.hpp"

namespace holdfast::initrd {

namespace {

/// The boot, from the first mount to systemd. Returns only with a fault.
Result<void> boot(char** arguments)
{
    TRY(mount_kernel_file_systems());
    TRY(load_modules());
    set_memory_reserve();
    mount_efi_variables();
    take_fault();

    TRY_ASSIGN(const auto request, read_command_line());
    const auto loader = read_loader_choice();
    if (!loader.esp_uuid) {
        // Happens when a kernel is started directly, as QEMU's -kernel does. The root hash still
        // decides what may run; only the choice of the disk rests on a label.
        say(Level::error, "no word from the boot manager, looking for the set by label");
    }
    static Partitions partitions;
    TRY_ASSIGN(const auto disk, find_boot_disk(partitions, loader, request.set));
    TRY(open_verity(disk, request));
    TRY(mount_root());
    TRY(fill_etc());
    const auto data_disk = mount_state(disk, partitions);
    TRY(write_machine_id());
    TRY(write_boot_facts(disk, data_disk.view()));
    return switch_root(arguments);
}

} // namespace

} // namespace holdfast::initrd

int main(int, char** arguments)
{
    using namespace holdfast::initrd;
    if (getpid() != 1) {
        return 2;
    }
    if (const auto result = boot(arguments); !result.has_value()) {
        say(Level::error, result.error().text.view());
        keep_fault(result.error().text.view());
    }
    reboot_soon();
}
