#include "boot/initrd/local_mounts.hpp"

#include "boot/core/table_io.hpp"

#include <algorithm>
#include <cstdio>
#include <dirent.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
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

Result<void> set_propagation(const Path& path, unsigned long propagation)
{
    return mount_at(nullptr, path.c_str(), nullptr, propagation, nullptr);
}

Result<void> hide(const Path& empty, const Path& hidden)
{
    TRY(mount_at(empty.c_str(), hidden.c_str(), nullptr, MS_BIND, nullptr));
    return mount_at(nullptr, hidden.c_str(), nullptr,
                    MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOEXEC | shared_flags, nullptr);
}

} // namespace

namespace {

/// A disk, open for reading, as boot/core wants it. Nothing here ever writes to a table.
class ReadOnlyDisk final : public boot::Disk {
public:
    explicit ReadOnlyDisk(std::string_view name)
        : fd_(open(device_node(name).c_str(), O_RDONLY | O_CLOEXEC))
    {
        ioctl(fd_.get(), BLKSSZGET, &block_size_);
        ioctl(fd_.get(), BLKGETSIZE64, &size_);
    }

    std::uint32_t block_size() const override { return static_cast<std::uint32_t>(block_size_); }
    std::uint64_t block_count() const override { return size_ / block_size(); }
    boot::Outcome<void> read(std::uint64_t block, std::span<std::byte> bytes) override
    {
        const auto offset = static_cast<off_t>(block * block_size());
        if (pread(fd_.get(), bytes.data(), bytes.size(), offset) !=
            static_cast<ssize_t>(bytes.size())) {
            return boot::fail(boot::Fault::read_failed);
        }
        return {};
    }
    boot::Outcome<void> write(std::uint64_t, std::span<const std::byte>) override
    {
        return boot::fail(boot::Fault::write_failed);
    }
    boot::Outcome<void> flush() override { return boot::fail(boot::Fault::write_failed); }

private:
    Fd fd_;
    int block_size_ = 512;
    std::uint64_t size_ = 0;
};

/// The most that the kernel makes devices for (DISK_MAX_PARTS).
using PartitionsOfDisk = std::array<Partition, 256>;

/// Each partition has a folder in that of its disk, by names that begin alike.
std::span<Partition> list_partitions(std::string_view disk, PartitionsOfDisk& partitions)
{
    const auto folder = Path("/sys/block/").append(disk);
    DIR* directory = opendir(folder.c_str());
    if (directory == nullptr) {
        return {};
    }
    std::size_t count = 0;
    while (const auto* entry = readdir(directory)) {
        const std::string_view name = entry->d_name;
        if (!name.starts_with(disk) || count == partitions.size()) {
            continue;
        }
        auto path = folder;
        path.append("/").append(name);
        auto file = path;
        const TextFile<1024> uevent(file.append("/uevent").c_str());
        if (const auto partition = parse_uevent(uevent.text, path.view())) {
            partitions[count++] = *partition;
        }
    }
    closedir(directory);
    return std::span(partitions).first(count);
}

Result<void> look_at_disk(std::string_view disk, Partitions& partitions)
{
    static PartitionsOfDisk space;
    static boot::PartitionTable table;
    const auto listed = list_partitions(disk, space);
    if (listed.empty()) {
        return {}; // Many disks of others are such, and a drive without a disc is slow to say so.
    }
    ReadOnlyDisk device(disk);
    if (!boot::load_table(device, table).has_value()) {
        return {};
    }
    apply_table(listed, disk, table);
    return partitions.add(listed);
}

} // namespace

Result<void> look_for_partitions(Partitions& partitions)
{
    partitions.clear();
    DIR* directory = opendir("/sys/block");
    if (directory == nullptr) {
        return {};
    }
    Result<void> looked;
    while (const auto* entry = looked.has_value() ? readdir(directory) : nullptr) {
        looked = look_at_disk(entry->d_name, partitions);
    }
    closedir(directory);
    return looked;
}

namespace {

constexpr std::string_view data_uuid_file = "/.bottlerocket/data-partition";

/// A power cut may leave the file empty, which is as if this were the first boot.
Result<void> keep_data_uuid(std::string_view root, std::string_view uuid)
{
    if (known_data_uuid(root).view() == uuid) {
        return {};
    }
    const auto draft = below(root, data_uuid_file, ".new");
    TRY(write_file(draft.c_str(), FixedText<37>(uuid).append("\n").view(), 0600));
    if (rename(draft.c_str(), below(root, data_uuid_file).c_str()) != 0) {
        return fault_errno("keeping the GUID of the data partition");
    }
    return {};
}

} // namespace

FixedText<36> known_data_uuid(std::string_view root)
{
    const TextFile<64> kept(below(root, data_uuid_file).c_str());
    return data_uuid_from_file(kept.text);
}

Result<void> make_private()
{
    for (const std::string_view path :
         {"/local", "/local/var", "/local/opt", "/local/mnt", "/.bottlerocket"}) {
        TRY(set_propagation(Path(path), MS_PRIVATE));
    }
    return {};
}

Result<void> mount_local(std::string_view root, const Partition& data)
{
    const auto node = device_node(data.device.view());
    TRY(mount_at(node.c_str(), below(root, "/local").c_str(), "ext4", shared_flags | MS_NOATIME));
    // Private first: mounts on a shared /local would spread to the binds made from it, and hiding
    // /local/var would cover /var. See make_private for what becomes of it.
    TRY(set_propagation(below(root, "/local"), MS_PRIVATE));
    for (const std::string_view name : {"/var", "/opt", "/mnt"}) {
        const auto real = below(root, "/local", name);
        TRY(bind(real, below(root, name)));
        TRY(set_propagation(below(root, name), MS_REC | MS_SHARED));
        TRY(hide(below(root, "/srv"), real));
    }
    mkdir(below(root, "/var/lib").c_str(), 0755);
    TRY(bind(below(root, "/.bottlerocket"), below(root, "/var/lib/bottlerocket")));
    if (const auto kept = keep_data_uuid(root, data.uuid.view()); !kept.has_value()) {
        say(Level::error, kept.error().text.view());
    }
    return {};
}

} // namespace holdfast::initrd
