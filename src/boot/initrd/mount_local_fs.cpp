#include "boot/initrd/local_mounts.hpp"

#include <cstdlib>

// mount-local-fs: what the initrd does on later boots, for the first one, when the data partition
// has only just been made. `mount-local-fs choose-disk` comes before that and says where to make
// it: a disk with a data partition may have appeared since the initrd looked. `mount-local-fs
// make-private` comes after it, on every boot.
namespace holdfast::initrd {

namespace {

Result<void> mount_new_partition(std::string_view disk)
{
    static Partitions partitions;
    const auto known = known_data_uuid("");
    constexpr int wait_limit = 10'000;
    constexpr int pause = 20;
    for (int waited = 0; waited <= wait_limit; waited += pause) {
        look_for_partitions(partitions);
        if (const auto data = choose_data_partition(partitions.found(), disk, known.view())) {
            return mount_local("", *data);
        }
        sleep_milliseconds(pause);
    }
    return fault("no partition HOLDFAST-DATA appeared within 10 seconds");
}

/// For the units that start systemd-repart.
Result<void> write_data_disk(std::string_view system_disk)
{
    static Partitions partitions;
    look_for_partitions(partitions);
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
