#include "boot/initrd/local_mounts.hpp"

#include <cstdlib>
#include <spawn.h>
#include <sys/wait.h>

// mount-local-fs: what the initrd does on later boots, for the first one, when the data partition
// has only just been made, or was made by the machine's owner and left blank. `mount-local-fs choose-disk` comes before that and says where to make
// it: a disk with a data partition may have appeared since the initrd looked. `mount-local-fs
// make-private` comes after it, on every boot.
namespace holdfast::initrd {

namespace {

bool has_ext4(const Path& node)
{
    constexpr off_t at = 0x438; // The magic number 0xef53 (kernel documentation, filesystems/ext4).
    const Fd device(open(node.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<unsigned char, 2> magic{};
    return pread(device.get(), magic.data(), magic.size(), at) == 2 && magic[0] == 0x53 &&
           magic[1] == 0xef;
}

/// systemd-makefs looks for itself, and leaves a partition alone that has anything known on it.
Result<void> make_file_system(const Path& node)
{
    constexpr auto program = "/usr/lib/systemd/systemd-makefs";
    const std::array words{program, "ext4", node.c_str(), static_cast<const char*>(nullptr)};
    say(Level::info, "making a file system on the blank data partition ", node.view());
    pid_t child = 0;
    int status = 0;
    errno = posix_spawn(&child, program, nullptr, nullptr, const_cast<char* const*>(words.data()), environ);
    if (errno != 0 || waitpid(child, &status, 0) != child) {
        return fault_errno("starting ", program);
    }
    if (status != 0) {
        return fault("systemd-makefs could not make a file system on HOLDFAST-DATA");
    }
    return {};
}

/// A partition that this machine has known before is never formatted, whatever became of it.
Result<void> mount_for_the_first_time(const Partition& data, std::string_view known)
{
    const auto node = device_node(data.device.view());
    if (known.empty() && !has_ext4(node)) {
        TRY(make_file_system(node));
    }
    return mount_local("", data);
}

Result<void> mount_new_partition(std::string_view disk)
{
    static Partitions partitions;
    const auto known = known_data_uuid("");
    constexpr int wait_limit = 10'000;
    constexpr int pause = 20;
    for (int waited = 0; waited <= wait_limit; waited += pause) {
        TRY(look_for_partitions(partitions));
        if (const auto data = choose_data_partition(partitions.found(), disk, known.view())) {
            return mount_for_the_first_time(*data, known.view());
        }
        sleep_milliseconds(pause);
    }
    return fault("no partition HOLDFAST-DATA appeared within 10 seconds");
}

/// For the units that start systemd-repart.
Result<void> write_data_disk(std::string_view system_disk)
{
    static Partitions partitions;
    TRY(look_for_partitions(partitions));
    const auto known = known_data_uuid("");
    const auto data = choose_data_partition(partitions.found(), system_disk, known.view());
    FixedText<128> line("HOLDFAST_DATA_DISK=");
    line.append(data_disk(data, system_disk, known.view()).view()).append("\n");
    return write_file("/run/holdfast/data-disk.env", line.view(), 0444);
}

} // namespace

} // namespace holdfast::initrd

int main(int argc, char** argv)
{
    using namespace holdfast::initrd;
    std::string_view disk;
    if (const char* node = std::getenv("HOLDFAST_DISK")) {
        disk = node;
    }
    constexpr std::string_view prefix = "/dev/";
    disk.remove_prefix(disk.starts_with(prefix) ? prefix.size() : 0);
    const std::string_view verb = argc == 2 ? argv[1] : "";
    const auto result = verb == "choose-disk"    ? write_data_disk(disk)
                        : verb == "make-private" ? make_private()
                                                 : mount_new_partition(disk);
    if (!result.has_value()) {
        say(Level::error, result.error().text.view());
        return 1;
    }
    return 0;
}
