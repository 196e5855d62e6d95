#include "update/signpost/system_disk.hpp"

#include "base/text.hpp"

#include <charconv>
#include <optional>

namespace holdfast::update {

namespace {

/// "253:0", the device of the file system that is mounted last on /.
Result<std::string> root_device_number(io::Files& files)
{
    TRY_ASSIGN(const auto mounts, files.read("/proc/self/mountinfo"));
    std::string number;
    for (const auto& line : split(mounts, '\n')) {
        // proc_pid_mountinfo(5): id, parent, major:minor, root, mount point, …
        const auto fields = split(line, ' ');
        if (fields.size() > 4 && fields[4] == "/") {
            number = fields[2];
        }
    }
    if (number.empty()) {
        return fail(Errc::not_found, "/proc/self/mountinfo does not name the root file system");
    }
    return number;
}

std::optional<std::uint32_t> read_number(io::Files& files, const std::filesystem::path& path)
{
    const auto text = files.read(path, 64);
    if (!text.has_value()) {
        return std::nullopt;
    }
    const auto digits = trimmed(*text);
    std::uint32_t number = 0;
    const auto end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, number);
    return problem == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

/// "vda4": the first device below a device-mapper device.
Result<std::string> lower_device(io::Files& files, const std::string& device_number)
{
    const auto slaves = files.list("/sys/dev/block/" + device_number + "/slaves");
    if (!slaves.has_value() || slaves->empty()) {
        return fail(Errc::not_found, "the root file system (device {}) is not on a verity device",
                    device_number);
    }
    return slaves->front();
}

/// The folder of a partition in /sys lies in that of its disk, whatever the two are called.
Result<std::string> disk_of(io::Files& files, const std::string& partition)
{
    TRY_ASSIGN(const auto link, files.read_link("/sys/class/block/" + partition));
    return link.parent_path().filename().native();
}

} // namespace

std::string SystemDisk::partition_device(std::uint32_t number) const
{
    const auto found = partitions.find(number);
    return found == partitions.end() ? "unknown" : "/dev/" + found->second;
}

Result<SystemDisk> find_system_disk(io::Files& files)
{
    const std::filesystem::path blocks = "/sys/class/block";
    TRY_ASSIGN(const auto number, root_device_number(files));
    TRY_ASSIGN(const auto lower, lower_device(files, number));
    const auto root_partition = read_number(files, blocks / lower / "partition");
    if (!root_partition) {
        return fail(Errc::not_found, "{}, below the root file system, is not a partition", lower);
    }
    SystemDisk disk{.root_partition = *root_partition};
    TRY_ASSIGN(disk.name, disk_of(files, lower));
    TRY_ASSIGN(const auto children, files.list(blocks / disk.name));
    for (const auto& child : children) {
        if (const auto partition = read_number(files, blocks / disk.name / child / "partition")) {
            disk.partitions[*partition] = child;
        }
    }
    return disk;
}

} // namespace holdfast::update
