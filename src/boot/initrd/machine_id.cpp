#include "boot/initrd/machine_id.hpp"

#include <algorithm>
#include <array>

namespace holdfast::initrd {

namespace {

constexpr std::size_t digits_of_id = 32;

bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

std::optional<MachineId> checked(MachineId id)
{
    const auto text = id.view();
    if (id.overflowed() || text.size() != digits_of_id || !std::ranges::all_of(text, is_hex_digit) ||
        std::ranges::all_of(text, [&](char c) { return c == text.front(); })) {
        return std::nullopt;
    }
    return id;
}

bool is_hypervisor(const Platform& platform)
{
    // KVM with Hyper-V's interface for Windows guests names itself "Microsoft Hv".
    constexpr std::array<std::string_view, 5> signatures = {
        "KVMKVMKVM", "TCGTCGTCGTCG", "XenVMMXenVMM", "VMwareVMware", "Microsoft Hv"};
    // Where the processor is told to be silent, and EC2's machines without a hypervisor.
    constexpr std::array<std::string_view, 6> vendors = {"QEMU",       "KVM", "Red Hat",
                                                         "Amazon EC2", "Xen", "VMware, Inc."};
    return std::ranges::find(signatures, platform.cpuid_signature) != signatures.end() ||
           std::ranges::find(vendors, platform.vendor) != vendors.end();
}

} // namespace

std::optional<MachineId> machine_id_of_hypervisor(const Platform& platform)
{
    if (!is_hypervisor(platform)) {
        return std::nullopt;
    }
    MachineId id;
    for (const char c : platform.product_uuid) {
        const char digit = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if (c != '-') {
            id.append({&digit, 1});
        }
    }
    return checked(id);
}

std::optional<MachineId> machine_id_from_file(std::string_view text)
{
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    return checked(MachineId(text));
}

MachineId machine_id_from_random(std::span<const std::byte, 16> random)
{
    constexpr std::string_view digits = "0123456789abcdef";
    MachineId id;
    for (std::size_t i = 0; i < random.size(); ++i) {
        auto value = std::to_integer<unsigned>(random[i]);
        if (i == 6) {
            value = (value & 0x0fU) | 0x40U;
        } else if (i == 8) {
            value = (value & 0x3fU) | 0x80U;
        }
        id.append(digits.substr(value >> 4U, 1)).append(digits.substr(value & 15U, 1));
    }
    return id;
}

} // namespace holdfast::initrd
