#include "update/updog/system_sets.hpp"

#include "base/log.hpp"
#include "io/posix/posix_system.hpp"
#include "update/signpost/system_disk.hpp"
#include "update/slots/check_set.hpp"

namespace holdfast::update {

namespace {

using Access = io::PosixBlockDevice::Access;
using Device = std::unique_ptr<io::PosixBlockDevice>;

/// The disk with its flags.
struct OpenDisk {
    SystemDisk disk;
    Device device;
    Signpost signpost;
};

/// Exclusively, so nobody else can change the flags, or for looking only.
Result<OpenDisk> open_disk(io::Files& files, Access access = Access::exclusive)
{
    TRY_ASSIGN(auto disk, find_system_disk(files));
    TRY_ASSIGN(auto device, io::PosixBlockDevice::open(disk.device(), access));
    TRY_ASSIGN(auto signpost, Signpost::open(*device, disk.root_partition).while_(disk.device()));
    return OpenDisk{std::move(disk), std::move(device), std::move(signpost)};
}

/// The partitions of one set.
struct OpenSet {
    Device boot;
    Device root;
    Device hash;

    SetDevices devices() { return {*boot, *root, *hash}; }
};

Result<OpenSet> open_set(const OpenDisk& open, SlotName slot, Access access)
{
    const auto& numbers = open.signpost.partitions(slot);
    OpenSet set;
    for (const auto& [device, number] :
         {std::pair(&set.boot, numbers.boot), std::pair(&set.root, numbers.root),
          std::pair(&set.hash, numbers.hash)}) {
        TRY_ASSIGN(*device, io::PosixBlockDevice::open(open.disk.partition_device(number), access));
    }
    return set;
}

/// A set that has worked boots for ever, on trial or not: what a failing disk made of it since then
/// would be found out in a machine that nobody reaches any more. The disk's flags are nobody's
/// meanwhile, for a boot may be marked successful.
Result<void> check_inactive_set(io::Files& files)
{
    TRY_ASSIGN(const auto open, open_disk(files, Access::read_only));
    TRY(check_rollback(open.signpost));
    const auto inactive = open.signpost.inactive();
    if (!inactive) {
        return {}; // `rollback` says so.
    }
    TRY_ASSIGN(auto set, open_set(open, *inactive, Access::read_only));
    return check_set(set.devices()).while_(std::string(name(*inactive)) + " is damaged");
}

} // namespace

Result<void> fill_inactive_set(io::Files& files, const Release& release, io::HttpClient& http,
                               const ProgressSink& report)
{
    // The disk is nobody's while an update comes, which may take hours: that a boot succeeded is
    // written there, too.
    TRY_ASSIGN(const auto open, open_disk(files, Access::read_only));
    const auto change_flags = [&files](const auto& change) -> Result<void> {
        TRY_ASSIGN(auto disk, open_disk(files));
        return change(disk.signpost);
    };
    const auto inactive = open.signpost.inactive();
    if (!inactive) {
        return fail(Errc::conflict, "this disk has no inactive set of partitions");
    }
    TRY_ASSIGN(auto active_set, open_set(open, open.signpost.active(), Access::read_only));
    TRY_ASSIGN(auto inactive_set, open_set(open, *inactive, Access::exclusive));
    const Watch watch{.report = [&](const Progress& progress) {
        report({.done = progress.bytes_done,
                .total = progress.bytes_total,
                .wire = progress.wire_bytes});
    }};
    TRY_ASSIGN(const auto prepared,
               prepare({open.signpost, change_flags, active_set.devices(), inactive_set.devices()},
                       release, http, watch));
    if (prepared.list_problem) {
        log::warning("the block list was of no use; more was fetched",
                     {{"why", prepared.list_problem->message()}});
    }
    const auto& progress = prepared.progress;
    log::info("set filled", {{"bytes", std::to_string(progress.bytes_total)},
                             {"kept", std::to_string(progress.bytes_kept)},
                             {"copied", std::to_string(progress.bytes_copied)},
                             {"fetched", std::to_string(progress.bytes_fetched)},
                             {"wire", std::to_string(progress.wire_bytes)}});
    return {};
}

Result<void> SystemBootChoice::activate()
{
    TRY_ASSIGN(auto open, open_disk(files_));
    return update::activate(open.signpost);
}

Result<void> SystemBootChoice::deactivate()
{
    TRY_ASSIGN(auto open, open_disk(files_));
    return update::deactivate(open.signpost);
}

Result<void> SystemBootChoice::rollback()
{
    TRY(check_inactive_set(files_));
    TRY_ASSIGN(auto open, open_disk(files_));
    return update::rollback(open.signpost);
}

} // namespace holdfast::update
