#pragma once

#include "boot/initrd/local_mounts.hpp"
#include "boot/initrd/machine_id.hpp"
#include "boot/initrd/partitions.hpp"
#include "boot/initrd/system_calls.hpp"
#include "boot/initrd/verity.hpp"

#include <cstddef>
#include <span>

/// The system calls of the initrd. Nothing here decides anything; what is decided stands in the
/// other files, where tests and fuzzers reach it.
namespace holdfast::initrd {

/// Mounts /proc, /sys, /dev, /run and opens the console.
Result<void> mount_kernel_file_systems();
/// efivarfs, once its module is there. A machine without UEFI variables has none.
void mount_efi_variables();
/// Loads the initrd's modules in their order and starts the watchdog as soon as one is there:
/// whatever hangs from then on ends in a reset, until systemd takes over (RuntimeWatchdogSec). A
/// machine without one goes on without.
Result<void> load_modules();

/// See memory_reserve.hpp. Before systemd, whose sysctl files and settings may set another one. A
/// failure is told and leaves the kernel's.
void set_memory_reserve();

Result<BootRequest> read_command_line();
LoaderChoice read_loader_choice();
/// Looks until the set's partitions are there, for 20 seconds. Leaves in `partitions` what it saw.
Result<BootDisk> find_boot_disk(Partitions& partitions, const LoaderChoice& loader,
                                std::optional<char> wanted_set);

/// Makes /dev/dm-0 out of the set's partitions.
Result<void> open_verity(const BootDisk& disk, const BootRequest& request);
Result<void> mount_root();
/// A fresh /etc in memory, with the factory's files.
Result<void> fill_etc();
/// Mounts PRIVATE, and DATA where it exists already, so that the store does not wait for udev. What
/// fails here is told, and tried again and judged by systemd's units. Waits 20 seconds for a data
/// partition that this machine used before. Gives the `data_disk` of this boot; an empty text, with
/// which systemd-repart fails, where PRIVATE does not say which that is.
FixedText<64> mount_state(const BootDisk& disk, Partitions& partitions);
/// Writes /etc/machine-id: the hypervisor's, else the one kept on PRIVATE, else a new one, which
/// is kept there.
Result<void> write_machine_id();
/// /run/holdfast/boot.env: what later programs need to know of the disk. PRIVATE keeps the same, so
/// that the next boot can tell how far this one came (/run/holdfast/previous-boot).
Result<void> write_boot_facts(const BootDisk& disk, std::string_view data_disk);

/// What fails here is told and kept in a variable of the firmware, the only place that every initrd
/// can reach, for the next boot, of whichever set. Best effort.
void keep_fault(std::string_view text);
/// Moves what an earlier initrd kept, or the boot manager of this boot, to
/// /run/holdfast/boot-fault. Needs the EFI variables.
void take_fault();

/// Makes /sysroot the root and starts systemd with our arguments. Returns only on failure.
Result<void> switch_root(char** arguments);
[[noreturn]] void reboot_soon();

} // namespace holdfast::initrd
