#pragma once

#include "boot/core/partition_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace holdfast::boot {

/// UEFI 2.10 §5.3.3
inline constexpr Guid efi_partition_type = guid_constant("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");

// These type GUIDs are Bottlerocket's, which tools depend on.
inline constexpr Guid boot_partition_type =
    guid_constant("6b636168-7420-6568-2070-6c616e657421");
inline constexpr Guid root_partition_type =
    guid_constant("5526016a-1a97-4ea4-b39a-b7c8c6ca4502");
inline constexpr Guid hash_partition_type =
    guid_constant("598f10af-c955-4456-6a99-7720068a6cea");
inline constexpr Guid private_partition_type =
    guid_constant("440408bb-eb0b-4328-a6e5-a29038fad706");
inline constexpr Guid data_partition_type =
    guid_constant("626f7474-6c65-6474-6861-726d61726b73");

/// On the PRIVATE partition: a boot of this machine has succeeded once.
inline constexpr std::uint64_t ever_succeeded_attribute = std::uint64_t{1} << 57;

/// What the attributes of a BOOT partition say, at the bits ChromeOS gave them.
struct SlotFlags {
    std::uint8_t priority = 0;   ///< Bits 48–51. The highest boots; 0 never does.
    std::uint8_t tries_left = 0; ///< Bits 52–55. Boots that may still be attempted.
    bool successful = false;     ///< Bit 56. It has done its job once; tries no longer count.

    friend bool operator==(const SlotFlags&, const SlotFlags&) = default;
};

SlotFlags slot_flags(std::uint64_t attributes);
/// `attributes` with these flags and all other bits as they were. Precondition: both numbers are at
/// most 15.
std::uint64_t with_slot_flags(std::uint64_t attributes, SlotFlags flags);

/// Whether the boot manager would ever take it.
bool is_bootable(SlotFlags flags);

/// The slot that boots next: of the bootable ones that with the highest priority, of equal ones the
/// first. Nothing where none is bootable.
std::optional<std::size_t> choose_slot(std::span<const SlotFlags> slots);

/// A machine has two slots, A and B; an image without in-place updates has only A.
inline constexpr std::size_t max_slots = 2;

/// The bootable slots, best first: what to try one after the other within one boot.
struct BootOrder {
    std::array<std::size_t, max_slots> slots{};
    std::size_t count = 0;
};
BootOrder boot_order(std::span<const SlotFlags> slots);

/// The flags after an attempt. A try is spent by a successful slot too, where it has one.
SlotFlags spend_try(SlotFlags flags);

} // namespace holdfast::boot
