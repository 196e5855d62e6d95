#include "update/signpost/program.hpp"

#include "update/signpost/signpost.hpp"
#include "update/signpost/system_disk.hpp"

#include <algorithm>
#include <array>

namespace holdfast::update {

namespace {

std::string line_of_slot(const Signpost& signpost, const SystemDisk& disk, SlotName slot)
{
    if (!signpost.has(slot)) {
        return std::format("{}:   none\n", name(slot));
    }
    const auto& partitions = signpost.partitions(slot);
    return std::format("{}:   boot={} root={} hash={} priority={} tries_left={} successful={}\n",
                       name(slot), disk.partition_device(partitions.boot),
                       disk.partition_device(partitions.root),
                       disk.partition_device(partitions.hash), partitions.flags.priority,
                       partitions.flags.tries_left, partitions.flags.successful);
}

Result<std::string> status(Signpost& signpost, const SystemDisk& disk)
{
    const auto next = signpost.next();
    return std::format("OS disk: {}\n", disk.device()) +
           line_of_slot(signpost, disk, SlotName::a) + line_of_slot(signpost, disk, SlotName::b) +
           std::format("Active:  {}\nNext:    {}\n", name(signpost.active()),
                       next ? name(*next) : "None");
}

Result<std::string> has_boot_ever_succeeded(Signpost& signpost, const SystemDisk&)
{
    return signpost.has_boot_ever_succeeded() ? "true\n" : "";
}

template <Result<void> (Signpost::*change)()>
Result<std::string> apply(Signpost& signpost, const SystemDisk&)
{
    TRY((signpost.*change)());
    return std::string();
}

Result<bool> is_marked_successful(const SystemDisk& system_disk, const OpenDisk& open_disk)
{
    TRY_ASSIGN(const auto device, open_disk(system_disk.device(), DiskUse::look));
    TRY_ASSIGN(const auto signpost, Signpost::open(*device, system_disk.root_partition)
                                        .while_(system_disk.device()));
    return signpost.is_marked_successful();
}

struct Subcommand {
    std::string_view name;
    std::string_view help;
    DiskUse use;
    Result<std::string> (*run)(Signpost&, const SystemDisk&);
};

constexpr std::array subcommands{
    Subcommand{"status", "Show the partition sets, their flags, and which boots next",
               DiskUse::look, status},
    Subcommand{"mark-successful-boot", "Mark the active set as having booted successfully",
               DiskUse::change, apply<&Signpost::mark_successful_boot>},
    Subcommand{"clear-inactive", "Clear the flags of the inactive set before writing to it",
               DiskUse::change, apply<&Signpost::clear_inactive>},
    Subcommand{"mark-inactive-valid", "Mark the inactive set as complete",
               DiskUse::change, apply<&Signpost::mark_inactive_valid>},
    Subcommand{"upgrade-to-inactive", "Boot the inactive set next, once, as a trial",
               DiskUse::change, apply<&Signpost::upgrade_to_inactive>},
    Subcommand{"cancel-upgrade", "Take upgrade-to-inactive back",
               DiskUse::change, apply<&Signpost::cancel_upgrade>},
    Subcommand{"rollback-to-inactive", "Boot the inactive set from now on",
               DiskUse::change, apply<&Signpost::rollback_to_inactive>},
    Subcommand{"fall-back-to-inactive",
               "Boot the inactive set from now on, and the active one never again",
               DiskUse::change, apply<&Signpost::fall_back_to_inactive>},
    Subcommand{"has-boot-ever-succeeded", "Print \"true\" if this machine ever booted successfully",
               DiskUse::look, has_boot_ever_succeeded},
    Subcommand{"rewrite-table", "Write the partition table again, unchanged",
               DiskUse::change, apply<&Signpost::rewrite_table>},
};

std::string usage()
{
    std::string text = "Usage: signpost SUBCOMMAND\n\n"
                       "Reads and changes which partition set boots next.\n\nSubcommands:\n";
    for (const auto& subcommand : subcommands) {
        text += std::format("  {:<24} {}\n", subcommand.name, subcommand.help);
    }
    return text;
}

} // namespace

Result<std::string> run_signpost(const std::vector<std::string>& arguments, io::Files& files,
                                 const OpenDisk& open_disk)
{
    if (std::ranges::any_of(arguments, [](const auto& word) {
            return word == "--help" || word == "-h" || word == "help";
        })) {
        return usage();
    }
    const auto* chosen = arguments.size() == 1
                             ? std::ranges::find(subcommands, arguments.front(), &Subcommand::name)
                             : subcommands.end();
    if (chosen == subcommands.end()) {
        return fail(Errc::invalid, "expected one known subcommand\n{}", usage());
    }
    TRY_ASSIGN(const auto system_disk, find_system_disk(files));
    if (chosen->run == &apply<&Signpost::mark_successful_boot>) {
        // Of most boots, which need no change. A disk that was open for writing is looked at again
        // by udev.
        TRY_ASSIGN(const bool is_marked, is_marked_successful(system_disk, open_disk));
        if (is_marked) {
            return std::string();
        }
    }
    TRY_ASSIGN(const auto device, open_disk(system_disk.device(), chosen->use));
    TRY_ASSIGN(auto signpost, Signpost::open(*device, system_disk.root_partition)
                                  .while_(system_disk.device()));
    return chosen->run(signpost, system_disk);
}

} // namespace holdfast::update
