#pragma once

#include "io/testing/fake_files.hpp"

namespace holdfast::update {

/// /proc and /sys of a machine whose root is a verity device over `root` and `hash` of vda, named
/// as Xen does, without a separator that could be guessed.
inline io::FakeFiles make_system(int root = 4, int hash = 5)
{
    io::FakeFiles files;
    files.put("/proc/self/mountinfo",
              "21 1 0:20 / /sys rw - sysfs sysfs rw\n"
              "22 1 0:2 / / rw - rootfs rootfs rw\n"
              "23 1 253:0 / / ro,relatime shared:1 - erofs /dev/mapper/root ro\n"
              "24 23 0:21 / /etc rw - tmpfs tmpfs rw\n");
    const std::string disk = "/sys/devices/pci0000:00/virtio0/block/vda";
    for (int number = 1; number <= 10; ++number) {
        const auto name = "vda" + std::to_string(number);
        files.put(disk + "/" + name + "/partition", std::to_string(number) + "\n");
        files.put_link("/sys/class/block/" + name,
                       "../../devices/pci0000:00/virtio0/block/vda/" + name);
    }
    files.put(disk + "/queue/rotational", "0\n");
    files.put_link("/sys/class/block/vda", "../../devices/pci0000:00/virtio0/block/vda");
    const std::string verity = "/sys/devices/virtual/block/dm-0";
    for (const int number : {root, hash}) {
        const auto name = "vda" + std::to_string(number);
        files.put_link(verity + "/slaves/" + name, "../../../" + name);
    }
    files.put_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
    return files;
}

} // namespace holdfast::update
