#include "boot/initrd/kernel.hpp"

#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

// The device mapper's ioctls by hand: libdevmapper wants udev and a heap, and verity needs three
// calls.
namespace holdfast::initrd {

namespace {

struct Request {
    dm_ioctl head{};
    dm_target_spec target{};
    std::array<char, 1032> parameters{};
};

Request make_request(std::uint32_t flags)
{
    Request request;
    request.head.version[0] = DM_VERSION_MAJOR;
    request.head.data_size = sizeof request;
    request.head.data_start = sizeof request.head;
    request.head.flags = flags;
    std::memcpy(request.head.name, "root", sizeof "root");
    return request;
}

/// Opens a partition, and reads its first block and its size.
struct OpenedPartition {
    FixedText<64> node;
    std::array<std::byte, verity_block_size> first_block{};
    std::uint64_t size = 0;
};

Result<void> inspect(OpenedPartition& partition, std::string_view device)
{
    partition.node.append("/dev/").append(device);
    const int fd = open(partition.node.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fault_errno("opening ", partition.node.view());
    }
    const bool whole =
        pread(fd, partition.first_block.data(), partition.first_block.size(), 0) ==
            static_cast<ssize_t>(partition.first_block.size()) &&
        ioctl(fd, BLKGETSIZE64, &partition.size) == 0;
    const auto failed = fault_errno("reading ", partition.node.view());
    close(fd);
    if (!whole) {
        return failed;
    }
    return {};
}

} // namespace

Result<void> open_verity(const BootDisk& disk, const BootRequest& request)
{
    static OpenedPartition root;
    static OpenedPartition hash;
    TRY(inspect(root, disk.root.device.view()));
    TRY(inspect(hash, disk.hash.device.view()));
    if (root.size / verity_block_size < request.data_blocks) {
        return fault(root.node.view(), " is smaller than the root file system");
    }
    TRY(check_superblock(hash.first_block, request));
    TRY_ASSIGN(const auto table, verity_table(root.node.view(), hash.node.view(), request));

    const int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    if (control < 0) {
        return fault_errno("opening /dev/mapper/control");
    }
    static auto create = make_request(0);
    if (ioctl(control, DM_DEV_CREATE, &create) != 0) {
        return fault_errno("creating the verity device");
    }
    static auto load = make_request(DM_READONLY_FLAG);
    load.head.target_count = 1;
    load.target.length = verity_sectors(request);
    load.target.next = sizeof load.target + static_cast<std::uint32_t>(table.view().size()) + 1;
    std::memcpy(load.target.target_type, "verity", sizeof "verity");
    std::memcpy(load.parameters.data(), table.c_str(), table.view().size() + 1);
    if (ioctl(control, DM_TABLE_LOAD, &load) != 0) {
        return fault_errno("opening verity on ", root.node.view());
    }
    // "Suspend" without the suspend flag is the call that brings a loaded table to life.
    static auto resume = make_request(0);
    if (ioctl(control, DM_DEV_SUSPEND, &resume) != 0) {
        return fault_errno("starting verity on ", root.node.view());
    }
    close(control);
    return {};
}

} // namespace holdfast::initrd
