#pragma once

#include <string_view>

namespace holdfast::machine {

/// A disk of one 512-byte boot sector that enters 64-bit mode, executes the instructions at which
/// half-working KVMs are known to die, and writes `probe_answer` to the port of QEMU's
/// isa-debug-exit device. Pad it to a whole megabyte: the BIOS refuses a disk of one sector.
std::string_view probe_boot_sector();

/// The exit status of QEMU when the boot sector has run to its end: (0x2a << 1) | 1.
inline constexpr int probe_answer = 85;

} // namespace holdfast::machine
