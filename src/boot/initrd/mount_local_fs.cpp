#include "boot/initrd/local_mounts.hpp"

#include <cstdlib>

// mount-local-fs: what the initrd does on later boots, for the first one, when the data partition has
// only just been made.
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

} // namespace

} // namespace holdfast::initrd

int main()
{
    using namespace holdfast::initrd;
    std::string_view disk;
    if (const char* node = std::getenv("HOLDFAST_DISK")) {
        disk = node;
    }
    constexpr std::string_view prefix = "/dev/";
    disk.remove_prefix(disk.starts_with(prefix) ? prefix.size() : 0);
    const auto result = mount_new_partition(disk);
    if (!result.has_value()) {
        say(Level::error, result.error().text.view());
        return 1;
    }
    return 0;
}
