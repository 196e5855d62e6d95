#pragma once

#include "boot/initrd/fixed_text.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace holdfast::initrd {

/// 32 lower-case hexadecimal digits, as in machine-id(5).
using MachineId = FixedText<32>;

/// How a machine tells what it runs on.
struct Platform {
    std::string_view cpuid_signature; ///< Of the hypervisor, as the processor names it; or empty.
    std::string_view vendor;          ///< SMBIOS system vendor.
    std::string_view product_uuid;    ///< SMBIOS product UUID.
};

/// The machine id that a hypervisor gives: the product UUID without its hyphens. Nothing on
/// hardware, or where the UUID is malformed or one of the placeholders (all digits alike). A copied
/// disk thus gets a new id in a new machine, which an id kept on the disk would not.
///
/// The processor's word counts first: clouds put names of their own into SMBIOS.
std::optional<MachineId> machine_id_of_hypervisor(const Platform& platform);

/// The id kept on PRIVATE, if that is what the text is.
std::optional<MachineId> machine_id_from_file(std::string_view text);

/// A new one; sets the variant bits that make it a valid version 4 UUID, as systemd does.
MachineId machine_id_from_random(std::span<const std::byte, 16> random);

} // namespace holdfast::initrd
