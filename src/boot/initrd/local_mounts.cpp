#include "boot/initrd/local_mounts.hpp"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace holdfast::initrd {

namespace {

constexpr unsigned long shared_flags = MS_NOSUID | MS_NODEV;

Path below(std::string_view root, std::string_view path, std::string_view more = {})
{
    Path whole(root);
    whole.append(path).append(more);
    return whole;
}

Result<void> bind(const Path& from, const Path& to)
{
    mkdir(from.c_str(), 0755);
    return mount_at(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr);
}

Result<void> hide(const Path& empty, const Path& hidden)
{
    TRY(mount_at(empty.c_str(), hidden.c_str(), nullptr, MS_BIND, nullptr));
    return mount_at(nullptr, hidden.c_str(), nullptr,
                    MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOEXEC | shared_flags, nullptr);
}

} // namespace

void look_for_partitions(Partitions& partitions)
{
    partitions.count = 0;
    DIR* directory = opendir("/sys/class/block");
    if (directory == nullptr) {
        return;
    }
    while (const auto* entry = readdir(directory)) {
        Path path("/sys/class/block/");
        path.append(entry->d_name);
        std::array<char, 512> link{};
        const auto length = readlink(path.c_str(), link.data(), link.size());
        path.append("/uevent");
        const TextFile<1024> uevent(path.c_str());
        if (length <= 0 || partitions.count == partitions.all.size()) {
            continue;
        }
        if (const auto partition =
                parse_uevent(uevent.text, {link.data(), static_cast<std::size_t>(length)})) {
            partitions.all[partitions.count++] = *partition;
        }
    }
    closedir(directory);
}

Result<void> mount_local(std::string_view root, std::string_view device)
{
    const auto node = device_node(device);
    TRY(mount_at(node.c_str(), below(root, "/local").c_str(), "ext4", shared_flags | MS_NOATIME));
    for (const std::string_view name : {"/var", "/opt", "/mnt"}) {
        const auto real = below(root, "/local", name);
        TRY(bind(real, below(root, name)));
        TRY(hide(below(root, "/srv"), real));
    }
    mkdir(below(root, "/var/lib").c_str(), 0755);
    return bind(below(root, "/.bottlerocket"), below(root, "/var/lib/bottlerocket"));
}

} // namespace holdfast::initrd
