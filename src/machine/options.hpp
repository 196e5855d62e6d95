#pragma once

#include "machine/accelerator.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::machine {

/// What becomes of the writes that the guest has not flushed when its power is cut.
enum class PowerLoss {
    keeps_writes,    ///< All that reached QEMU stay, as on a disk without a cache.
    loses_unflushed, ///< Those to places not written since the last start are gone (disk.hpp).
};

/// A raw disk image given to the machine for writing.
struct Disk {
    enum class Bus { virtio, nvme, sata };

    std::filesystem::path file;
    Bus bus = Bus::virtio;
    PowerLoss power_loss = PowerLoss::keeps_writes;
};

/// The UEFI firmware. `variables` is the template that each machine gets its own copy of.
struct Firmware {
    enum class SecureBoot { no, yes };

    SecureBoot secure_boot = SecureBoot::no;
    std::filesystem::path code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    std::filesystem::path variables = "/usr/share/OVMF/OVMF_VARS_4M.fd";
};

/// 127.0.0.1:`host` outside leads to `guest` inside.
struct PortForward {
    std::uint16_t host = 0;
    std::uint16_t guest = 0;
};

/// A second network card, wired to that of one other machine. The two machines name the same two
/// socket paths the other way round, and have the addresses 52:54:00:00:00:02 (whose path comes
/// first) and :03.
struct PeerLink {
    std::filesystem::path own;
    std::filesystem::path other;
};

/// One virtual machine. The defaults are those of a small cloud instance.
struct Options {
    Accelerator accelerator = Accelerator::tcg;
    std::vector<Disk> disks; ///< The first is booted from.
    int memory_mib = 2048;
    int cpus = 2;
    Firmware firmware;
    std::optional<std::filesystem::path> cd_rom; ///< An ISO 9660 image.
    /// fw_cfg files by name ("opt/…"); contents are files outside.
    std::map<std::string, std::filesystem::path> firmware_config;
    std::vector<PortForward> forwards;
    std::optional<PeerLink> peer;
};

} // namespace holdfast::machine
