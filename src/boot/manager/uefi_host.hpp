#pragma once

#include "boot/core/boot_attempt.hpp"
#include "boot/manager/console.hpp"
#include "boot/manager/device_path.hpp"
#include "boot/manager/loader_variables.hpp"
#include "boot/manager/uefi_disk.hpp"

namespace holdfast::uefi {

/// Loads and starts the image of a slot with the firmware's help.
class UefiHost final : public boot::BootHost {
public:
    UefiHost(Handle self, SystemTable& system, boot::Disk& disk, const PathBuffer& disk_path,
             const BootClock& clock);

    boot::Fault start(const boot::Slot& slot) override;
    void note(std::string_view what, boot::Fault why) override;
    void leave(const boot::Slot& slot, boot::Fault why) override;

private:
    void announce(const boot::Slot& slot) const;
    /// The image's bytes, out of the slot's BOOT partition.
    boot::Outcome<Pages> read_image(const boot::Partition& partition, std::uint64_t& size);
    boot::Outcome<Handle> load(const boot::Slot& slot, const char16_t* name);

    Handle self_;
    SystemTable& system_;
    boot::Disk& disk_;
    const PathBuffer& disk_path_;
    const BootClock& clock_;
    Console console_;
    LoaderVariables variables_;
};

} // namespace holdfast::uefi
