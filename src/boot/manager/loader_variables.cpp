#include "boot/manager/loader_variables.hpp"

#include <cpuid.h>

namespace holdfast::uefi {

namespace {

/// Readable before and after the start of the operating system, and not kept over a reset.
constexpr std::uint32_t volatile_attributes = 0x2 | 0x4;
/// None of the optional features that the interface knows: no menu, no counters in file names.
constexpr std::uint64_t features = 0;

/// The frequency as the processor states it (Intel SDM volume 3, "Determining the Processor Base
/// Frequency"), or 0. Leaf 0x16 is not asked: it rounds to MHz, and measuring is better than that.
std::uint64_t stated_ticks_per_second()
{
    unsigned denominator = 0;
    unsigned numerator = 0;
    unsigned crystal = 0;
    unsigned unused = 0;
    if (__get_cpuid(0x15, &denominator, &numerator, &crystal, &unused) == 0 || denominator == 0) {
        return 0;
    }
    return std::uint64_t{crystal} * numerator / denominator;
}

std::uint64_t measured_ticks_per_second(BootServices& services)
{
    constexpr std::uint64_t microseconds = 2000;
    const auto start = __builtin_ia32_rdtsc();
    services.stall(microseconds);
    return (__builtin_ia32_rdtsc() - start) * (1'000'000 / microseconds);
}

} // namespace

BootClock::BootClock(BootServices& services) : ticks_per_second_(stated_ticks_per_second())
{
    if (ticks_per_second_ == 0) {
        ticks_per_second_ = measured_ticks_per_second(services);
    }
}

std::uint64_t BootClock::microseconds() const
{
    if (ticks_per_second_ == 0) {
        return 0;
    }
    // In two steps: ticks × 10⁶ would overflow after some hours of being on.
    const auto ticks = __builtin_ia32_rdtsc();
    return ticks / ticks_per_second_ * 1'000'000 +
           ticks % ticks_per_second_ * 1'000'000 / ticks_per_second_;
}

void LoaderVariables::set(const char16_t* name, const Text& text)
{
    system_.runtime->set_variable(name, &loader_vendor, volatile_attributes, text.bytes(),
                                  text.data());
}

void LoaderVariables::set_identity()
{
    const auto add_version = [](Text& text, std::uint32_t revision) {
        text.add(" ").add_number(revision >> 16).add(".").add_number(revision & 0xffff, 2);
    };
    set(u"LoaderInfo", Text().add("holdfast-boot " HOLDFAST_VERSION));
    // Where we lie by contract; systemd-stub would otherwise name the system's image here.
    set(u"LoaderImageIdentifier", Text().add("\\EFI\\BOOT\\BOOTX64.EFI"));
    Text firmware;
    add_version(firmware.add(system_.firmware_vendor), system_.firmware_revision);
    set(u"LoaderFirmwareInfo", firmware);
    Text type;
    add_version(type.add("UEFI"), system_.header.revision);
    set(u"LoaderFirmwareType", type);
    system_.runtime->set_variable(u"LoaderFeatures", &loader_vendor, volatile_attributes,
                                  sizeof features, &features);
}

void LoaderVariables::set_device(const Guid& partition)
{
    const auto text = boot::upper_case(partition);
    set(u"LoaderDevicePartUUID", Text().add(std::string_view(text.data(), text.size())));
}

void LoaderVariables::set_time(const char16_t* name, std::uint64_t microseconds)
{
    set(name, Text().add_number(microseconds));
}

void LoaderVariables::set_entry(const char16_t* name)
{
    set(u"LoaderEntrySelected", Text().add(name));
}

void set_boot_fault(SystemTable& system, const Text& text)
{
    std::array<char, 256> ascii{};
    const auto length = text.bytes() / sizeof(char16_t) - 1;
    for (std::size_t i = 0; i < length && i < ascii.size(); ++i) {
        ascii[i] = static_cast<char>(text.data()[i]);
    }
    auto& runtime = *system.runtime;
    // One that an initrd has kept has other attributes, and would refuse ours.
    runtime.set_variable(boot_fault_name, &holdfast_vendor, 0, 0, nullptr);
    runtime.set_variable(boot_fault_name, &holdfast_vendor, volatile_attributes, length,
                         ascii.data());
}

} // namespace holdfast::uefi
