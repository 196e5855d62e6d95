#include "boot/initrd/kernel.hpp"

#include "boot/initrd/memory_reserve.hpp"
#include "boot/initrd/efi_variable.hpp"
#include "boot/initrd/local_mounts.hpp"
#include "boot/initrd/modules.hpp"

#include <cstring>
#include <dirent.h>
#include <linux/fs.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace holdfast::initrd {

namespace {

std::string_view first_line(std::string_view text)
{
    return text.substr(0, text.find('\n'));
}

} // namespace

Result<void> mount_kernel_file_systems()
{
    constexpr unsigned long sealed = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    umask(0);
    TRY(mount_at("proc", "/proc", "proc", sealed));
    TRY(mount_at("sysfs", "/sys", "sysfs", sealed));
    TRY(mount_at("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=755"));
    // systemd would mount it without noexec.
    mkdir("/dev/shm", 01777);
    TRY(mount_at("tmpfs", "/dev/shm", "tmpfs", sealed | MS_STRICTATIME, "mode=1777"));
    TRY(mount_at("tmpfs", "/run", "tmpfs", sealed, "mode=755,size=20%,nr_inodes=800k"));
    const int console = open("/dev/console", O_RDWR | O_NOCTTY);
    for (int fd = STDIN_FILENO; console >= 0 && fd <= STDERR_FILENO; ++fd) {
        dup2(console, fd);
    }
    if (console > STDERR_FILENO) {
        close(console);
    }
    return {};
}

void mount_efi_variables()
{
    if (access("/sys/firmware/efi/efivars", F_OK) == 0) {
        const auto mounted = mount_at("efivarfs", "/sys/firmware/efi/efivars", "efivarfs",
                                      MS_NOSUID | MS_NODEV | MS_NOEXEC);
        static_cast<void>(mounted); // read_loader_choice tells what follows from it.
    }
}

namespace {

/// Starts the watchdog, if a driver of one is there by now, and leaves it running.
bool start_watchdog()
{
    const Fd watchdog(open("/dev/watchdog", O_WRONLY | O_CLOEXEC));
    if (!watchdog) {
        return false;
    }
    int seconds = 60;
    ioctl(watchdog.get(), WDIOC_SETTIMEOUT, &seconds);
    ioctl(watchdog.get(), WDIOC_KEEPALIVE, 0);
    // Closed without the magic 'V', so that the countdown goes on until systemd opens it.
    return true;
}

} // namespace

Result<void> load_modules()
{
    static ModuleList list;
    if (DIR* directory = opendir("/modules")) {
        while (const auto* entry = readdir(directory)) {
            list.add(entry->d_name);
        }
        closedir(directory);
    }
    if (list.overflowed()) {
        return fault("more kernel modules in /modules than the initrd can load");
    }
    bool watched = false;
    for (const auto& name : list.names()) {
        Path path("/modules/");
        path.append(name.view());
        const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        // A module may refuse because its hardware is absent; what then misses a device will say so.
        if ((!fd || syscall(SYS_finit_module, fd.get(), "", 0) != 0) && errno != EEXIST) {
            say(Level::error, name.view(), FixedText<80>(": ").append(strerrordesc_np(errno)).view());
        }
        // Not after the last one: a disk that does not answer holds its driver for good.
        watched = watched || start_watchdog();
    }
    if (!watched) {
        say(Level::info, "no watchdog on this machine");
    }
    return {};
}

void set_memory_reserve()
{
    struct sysinfo info{};
    sysinfo(&info);
    FixedText<20> text;
    text.append(memory_reserve(std::uint64_t{info.totalram} * info.mem_unit / 1024));
    const auto written = write_file("/proc/sys/vm/min_free_kbytes", text.view(), 0644);
    if (!written.has_value()) {
        say(Level::error, written.error().text.view());
    }
}

Result<BootRequest> read_command_line()
{
    static const TextFile<4096> file("/proc/cmdline");
    return parse_command_line(file.text);
}

LoaderChoice read_loader_choice()
{
    const auto read_variable = [](std::string_view name) {
        Path path("/sys/firmware/efi/efivars/");
        path.append(name).append("-").append(loader_vendor);
        std::array<std::byte, 256> buffer;
        return decode_text_variable(read_file(path.c_str(), buffer));
    };
    LoaderChoice choice{.esp_uuid = read_variable("LoaderDevicePartUUID"), .set = {}};
    if (const auto entry = read_variable("LoaderEntrySelected")) {
        choice.set = set_of_entry(entry->view());
    }
    return choice;
}

namespace {

// In milliseconds, for disks that take their time to appear.
constexpr int wait_limit = 20'000;
constexpr int wait_step = 20;

} // namespace

Result<BootDisk> find_boot_disk(Partitions& partitions, const LoaderChoice& loader,
                                std::optional<char> wanted_set)
{
    for (int waited = 0; waited <= wait_limit; waited += wait_step) {
        TRY(look_for_partitions(partitions));
        TRY_ASSIGN(const auto found, choose_boot_disk(partitions.found(), loader, wanted_set));
        if (found) {
            return *found;
        }
        sleep_milliseconds(wait_step);
    }
    return fault("no disk with the set to boot appeared within 20 seconds");
}

Result<void> mount_root()
{
    TRY(mount_at("/dev/dm-0", "/sysroot", "erofs", MS_RDONLY));
    return {};
}

namespace {

/// The data partition; nothing before the first boot, or when the known one did not appear.
std::optional<Partition> find_data_partition(Partitions& partitions, std::string_view system_disk,
                                             std::string_view known)
{
    auto data = choose_data_partition(partitions.found(), system_disk, known);
    for (int waited = 0; !data && !known.empty() && waited <= wait_limit; waited += wait_step) {
        sleep_milliseconds(wait_step);
        if (const auto looked = look_for_partitions(partitions); !looked.has_value()) {
            say(Level::error, looked.error().text.view());
            return {};
        }
        data = choose_data_partition(partitions.found(), system_disk, known);
    }
    return data;
}

void tell_of_data(const Partitions& partitions, const std::optional<Partition>& data,
                  std::string_view known)
{
    if (!data && !known.empty()) {
        say(Level::error, "the data partition of this machine is missing: ", known);
    } else if (!data) {
        say(Level::info, "no partition HOLDFAST-DATA yet");
    } else if (count_data_partitions(partitions.found()) > 1) {
        FixedText<160> choice("several partitions HOLDFAST-DATA, taking ");
        choice.append(data->device.view()).append(known.empty() ? "" : ", which was used before");
        say(Level::error, choice.view());
    }
}

} // namespace

FixedText<64> mount_state(const BootDisk& disk, Partitions& partitions)
{
    if (mount("tmpfs", "/sysroot/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_STRICTATIME,
              "mode=1777,size=50%,nr_inodes=1m") != 0) {
        say(Level::error, "mounting /tmp: ", strerrordesc_np(errno));
    }
    if (!disk.private_partition) {
        say(Level::error, "the disk has no partition HOLDFAST-PRIVATE");
        return {};
    }
    const auto node = device_node(disk.private_partition->device.view());
    if (mount(node.c_str(), "/sysroot/.bottlerocket", "ext4",
              MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, "") != 0) {
        say(Level::error, "mounting HOLDFAST-PRIVATE: ", strerrordesc_np(errno));
        return {};
    }
    const auto known = known_data_uuid("/sysroot");
    const auto system_disk = disk.root.disk.view();
    const auto data = find_data_partition(partitions, system_disk, known.view());
    tell_of_data(partitions, data, known.view());
    const auto place = data_disk(data, system_disk, known.view());
    if (!data) {
        return place;
    }
    const auto mounted = mount_local("/sysroot", *data);
    if (!mounted.has_value()) {
        say(Level::error, mounted.error().text.view());
        return place;
    }
    mkdir("/run/holdfast", 0755);
    const auto told = write_file("/run/holdfast/local-fs-mounted", "", 0444);
    static_cast<void>(told); // Systemd then mounts again, which fails loudly.
    return place;
}

namespace {

/// What the hypervisor calls itself, by the leaf that Intel and AMD leave to hypervisors; empty on
/// hardware and on other processors.
FixedText<12> cpuid_signature()
{
    FixedText<12> signature;
#ifdef __x86_64__
    unsigned eax = 0;
    std::array<unsigned, 3> name{}; // EBX, ECX, EDX.
    constexpr unsigned hypervisor_present = 1U << 31U;
    if (__get_cpuid(1, &eax, name.data(), &name[1], &name[2]) == 0 ||
        (name[1] & hypervisor_present) == 0) {
        return signature;
    }
    __cpuid(0x40000000, eax, name[0], name[1], name[2]);
    std::array<char, sizeof name> text{};
    std::memcpy(text.data(), name.data(), sizeof name);
    const std::string_view padded(text.data(), text.size());
    signature.append(padded.substr(0, padded.find('\0')));
#endif
    return signature;
}

/// For all later boots. Where a cut leaves less than all of it, the next boot makes another one.
void keep_machine_id(const char* path, const MachineId& id)
{
    const auto written = write_file(path, id.view(), 0444);
    if (!written.has_value()) {
        say(Level::error, written.error().text.view());
        return;
    }
    const Fd fd(open(path, O_RDONLY | O_CLOEXEC));
    if (!fd || fsync(fd.get()) != 0) {
        say(Level::error, "the machine id may be another one at the next boot");
    }
}

} // namespace

Result<void> write_machine_id()
{
    const auto signature = cpuid_signature();
    const TextFile<64> vendor("/sys/class/dmi/id/sys_vendor");
    const TextFile<64> uuid("/sys/class/dmi/id/product_uuid");
    constexpr auto kept_path = "/sysroot/.bottlerocket/machine-id";
    const TextFile<64> kept(kept_path);
    auto id = machine_id_of_hypervisor({.cpuid_signature = signature.view(),
                                        .vendor = first_line(vendor.text),
                                        .product_uuid = first_line(uuid.text)});
    if (!id) {
        id = machine_id_from_file(kept.text);
    }
    if (!id) {
        std::array<std::byte, 16> random{};
        if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
            return fault_errno("making a machine id");
        }
        id = machine_id_from_random(random);
        keep_machine_id(kept_path, *id);
    }
    return write_file("/sysroot/etc/machine-id", FixedText<33>(id->view()).append("\n").view(),
                      0444);
}

namespace {

/// The boot manager writes here, too, why it left a set (boot/manager/loader_variables.hpp).
constexpr auto fault_variable =
    "/sys/firmware/efi/efivars/HoldfastBootFault-5f2c1a8e-6d7b-4c0e-9a43-2b8f0e7d6c51";

/// efivarfs shields unknown variables from careless hands (chattr(1), "i").
void remove_fault_variable()
{
    const Fd fd(open(fault_variable, O_RDONLY | O_CLOEXEC));
    int flags = 0;
    if (fd && ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) == 0) {
        unlink(fault_variable);
    }
}

void keep_for_next_boot(std::string_view facts)
{
    constexpr auto kept = "/sysroot/.bottlerocket/this-boot";
    const TextFile<512> before(kept);
    if (!before.text.empty()) {
        const auto told = write_file("/run/holdfast/previous-boot", before.text, 0444);
        static_cast<void>(told);
    }
    const auto written = write_file(kept, facts, 0600);
    static_cast<void>(written); // Only a fall-back's reason would be less exact.
}

} // namespace

Result<void> write_boot_facts(const BootDisk& disk, std::string_view data_disk)
{
    mkdir("/run/holdfast", 0755);
    const char set = disk.set;
    FixedText<512> facts;
    facts.append("HOLDFAST_DISK=/dev/").append(disk.root.disk.view());
    facts.append("\nHOLDFAST_SET=").append({&set, 1});
    facts.append("\nHOLDFAST_DATA_DISK=").append(data_disk).append("\n");
    keep_for_next_boot(facts.view());
    return write_file("/run/holdfast/boot.env", facts.view(), 0444);
}

void keep_fault(std::string_view text)
{
    remove_fault_variable();
    // The first four bytes are attributes (UEFI §8.2): non-volatile, for boot and run time.
    FixedText<260> content("\x07");
    content.append({"\0\0\0", 3}).append("its initrd failed: ").append(text.substr(0, 230));
    const auto kept = write_file(fault_variable, content.view(), 0600);
    static_cast<void>(kept); // The console has it.
}

void take_fault()
{
    const TextFile<260> fault(fault_variable);
    if (fault.text.size() <= 4) {
        return;
    }
    mkdir("/run/holdfast", 0755);
    const auto told = write_file("/run/holdfast/boot-fault", fault.text.substr(4), 0444);
    static_cast<void>(told);
    remove_fault_variable();
}

namespace {

/// Removes everything below `directory` that is on the same file system, the initramfs, whose
/// pages would otherwise stay in memory for good.
void remove_tree(int directory_fd, dev_t device)
{
    DIR* directory = fdopendir(directory_fd);
    if (directory == nullptr) {
        return;
    }
    while (const auto* entry = readdir(directory)) {
        const std::string_view name = entry->d_name;
        struct stat status {};
        if (name == "." || name == ".." ||
            fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            status.st_dev != device) {
            continue;
        }
        if (S_ISDIR(status.st_mode)) {
            const int child = openat(dirfd(directory), entry->d_name,
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (child >= 0) {
                remove_tree(child, device);
            }
            unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
        } else {
            unlinkat(dirfd(directory), entry->d_name, 0);
        }
    }
    closedir(directory);
}

} // namespace

Result<void> switch_root(char** arguments)
{
    constexpr std::array<std::pair<const char*, const char*>, 4> mounts = {{
        {"/dev", "/sysroot/dev"},
        {"/proc", "/sysroot/proc"},
        {"/sys", "/sysroot/sys"},
        {"/run", "/sysroot/run"},
    }};
    for (const auto& [from, to] : mounts) {
        if (mount(from, to, nullptr, MS_MOVE, nullptr) != 0) {
            return fault_errno("moving the mount ", from);
        }
    }
    struct stat status {};
    const int old_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (old_root < 0 || fstat(old_root, &status) != 0 || chdir("/sysroot") != 0) {
        return fault_errno("entering the root file system");
    }
    remove_tree(old_root, status.st_dev);
    if (mount("/sysroot", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 ||
        chdir("/") != 0) {
        return fault_errno("switching to the root file system");
    }
    constexpr auto systemd = "/usr/lib/systemd/systemd";
    static char name[] = "/usr/lib/systemd/systemd";
    arguments[0] = name;
    execv(systemd, arguments);
    return fault_errno("starting ", systemd);
}

void reboot_soon()
{
    // Time to read the message, short enough for a machine that nobody looks at.
    say(Level::error, "rebooting in 3 seconds");
    sleep_milliseconds(3000);
    sync();
    reboot(RB_AUTOBOOT);
    for (;;) {
        pause();
    }
}

} // namespace holdfast::initrd
