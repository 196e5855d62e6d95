#include "boot/initrd/partitions.hpp"

#include "boot/core/slots.hpp"
#include "boot/initrd/command_line.hpp"

#include <algorithm>
#include <tuple>

namespace holdfast::initrd {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// GUIDs come in upper case from the boot manager and in lower case from the kernel.
bool same_uuid(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view last_component(std::string_view& path)
{
    const auto slash = path.rfind('/');
    const auto name = slash == path.npos ? path : path.substr(slash + 1);
    path = slash == path.npos ? std::string_view{} : path.substr(0, slash);
    return name;
}

const Partition* find(std::span<const Partition> partitions, std::string_view disk,
                      std::string_view name)
{
    const auto found = std::ranges::find_if(partitions, [&](const Partition& partition) {
        return partition.disk.view() == disk && partition.name.view() == name;
    });
    return found == partitions.end() ? nullptr : &*found;
}

/// The set's partitions on one disk; nothing unless both are there.
std::optional<BootDisk> set_on_disk(std::span<const Partition> partitions, std::string_view disk,
                                    char set)
{
    const bool b = set == 'b';
    const auto* root = find(partitions, disk, b ? "HOLDFAST-ROOT-B" : "HOLDFAST-ROOT-A");
    const auto* hash = find(partitions, disk, b ? "HOLDFAST-HASH-B" : "HOLDFAST-HASH-A");
    if (root == nullptr || hash == nullptr) {
        return std::nullopt;
    }
    BootDisk found{.set = set, .root = *root, .hash = *hash, .private_partition = {}};
    if (const auto* settings = find(partitions, disk, "HOLDFAST-PRIVATE")) {
        found.private_partition = *settings;
    }
    return found;
}

bool is_data(const Partition& partition)
{
    return partition.name.view() == "HOLDFAST-DATA" && partition.type == boot::data_partition_type;
}

Result<std::optional<BootDisk>> only_disk(std::span<const Partition> partitions, char set)
{
    std::optional<BootDisk> found;
    for (const auto& partition : partitions) {
        if (found && found->root.disk.view() == partition.disk.view()) {
            continue;
        }
        auto other = set_on_disk(partitions, partition.disk.view(), set);
        if (other && found) {
            return fault("no word from the boot manager, and both ", found->root.disk.view(),
                         " and ", partition.disk.view(), " hold a HOLDFAST set");
        }
        if (other) {
            found = other;
        }
    }
    return found;
}

} // namespace

std::optional<Partition> parse_uevent(std::string_view uevent, std::string_view folder)
{
    Partition partition;
    bool is_partition = false;
    while (!uevent.empty()) {
        const auto line = uevent.substr(0, uevent.find('\n'));
        uevent.remove_prefix(std::min(line.size() + 1, uevent.size()));
        const auto equals = line.find('=');
        if (equals == line.npos) {
            continue;
        }
        const auto key = line.substr(0, equals);
        const auto value = line.substr(equals + 1);
        if (key == "DEVTYPE") {
            is_partition = value == "partition";
        } else if (key == "DEVNAME") {
            partition.device = FixedText<32>(value);
        } else if (key == "PARTN") {
            partition.number = parse_number(value).value_or(0);
        }
    }
    last_component(folder);
    partition.disk.append(last_component(folder));
    if (!is_partition || partition.device.empty() || partition.disk.empty() ||
        partition.number == 0 || partition.device.overflowed() || partition.disk.overflowed()) {
        return std::nullopt;
    }
    return partition;
}

void apply_table(std::span<Partition> partitions, std::string_view disk,
                 const boot::PartitionTable& table)
{
    for (auto& partition : partitions) {
        if (partition.disk.view() != disk || partition.number > table.entry_count()) {
            continue;
        }
        const auto entry = table.partition(static_cast<std::uint32_t>(partition.number - 1));
        const auto uuid = boot::lower_case(entry.id);
        partition.uuid = FixedText<36>({uuid.data(), uuid.size()});
        partition.type = entry.type;
        partition.name = {};
        for (const char16_t unit : entry.name) {
            if (unit == 0) {
                break;
            }
            if (unit < 0x20 || unit > 0x7e) {
                partition.name = {};
                break;
            }
            const char character = static_cast<char>(unit);
            partition.name.append({&character, 1});
        }
    }
}

Result<void> Partitions::add(std::span<const Partition> partitions)
{
    for (const auto& partition : partitions) {
        if (partition.type != boot::efi_partition_type &&
            !partition.name.view().starts_with("HOLDFAST-")) {
            continue;
        }
        if (count_ == kept_.size()) {
            return fault("too many partitions HOLDFAST-… and for EFI on all disks, the last on ",
                         partition.disk.view());
        }
        kept_[count_++] = partition;
    }
    return {};
}

FixedText<36> data_uuid_from_file(std::string_view text)
{
    const auto line = text.substr(0, text.find('\n'));
    return FixedText<36>(boot::parse_guid(line).has_value() ? line : "");
}

std::size_t count_data_partitions(std::span<const Partition> partitions)
{
    return static_cast<std::size_t>(std::ranges::count_if(partitions, is_data));
}

std::optional<Partition> choose_data_partition(std::span<const Partition> partitions,
                                               std::string_view disk, std::string_view known)
{
    const auto rank = [disk](const Partition& partition) {
        return std::tuple(partition.disk.view() != disk, partition.uuid.view(),
                          partition.device.view());
    };
    const Partition* chosen = nullptr;
    for (const auto& partition : partitions) {
        const bool eligible =
            is_data(partition) && (known.empty() || same_uuid(partition.uuid.view(), known));
        if (eligible && (chosen == nullptr || rank(partition) < rank(*chosen))) {
            chosen = &partition;
        }
    }
    return chosen == nullptr ? std::nullopt : std::optional(*chosen);
}

FixedText<64> data_disk(const std::optional<Partition>& data, std::string_view system_disk,
                        std::string_view known)
{
    if (!data && !known.empty()) {
        return FixedText<64>("/dev/disk/by-partuuid/").append(known);
    }
    return FixedText<64>("/dev/").append(data ? data->disk.view() : system_disk);
}

Result<std::optional<BootDisk>> choose_boot_disk(std::span<const Partition> partitions,
                                                 const LoaderChoice& loader,
                                                 std::optional<char> wanted_set)
{
    const char set = loader.set ? *loader.set : wanted_set.value_or('a');
    if (!loader.esp_uuid) {
        return only_disk(partitions, set);
    }
    const Partition* esp = nullptr;
    for (const auto& partition : partitions) {
        if (!same_uuid(partition.uuid.view(), loader.esp_uuid->view())) {
            continue;
        }
        // A disk copied byte by byte and left attached: booting from either by chance would mix
        // one disk's settings with the other's data.
        if (esp != nullptr) {
            return fault("both ", esp->device.view(), " and ", partition.device.view(),
                         " have the boot manager's partition GUID");
        }
        esp = &partition;
    }
    if (esp == nullptr) {
        return std::optional<BootDisk>{};
    }
    return set_on_disk(partitions, esp->disk.view(), set);
}

} // namespace holdfast::initrd
