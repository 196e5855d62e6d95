#pragma once

#include "boot/manager/console.hpp"
#include "boot/manager/uefi.hpp"

namespace holdfast::uefi {

inline constexpr auto loader_vendor = guid_constant("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f");

/// Microseconds since the processor's time stamp counter started, which is what systemd takes as
/// the time since power-on.
class BootClock {
public:
    /// Takes 2 ms where the processor does not tell its frequency.
    explicit BootClock(BootServices& services);
    std::uint64_t microseconds() const;

private:
    std::uint64_t ticks_per_second_;
};

/// The variables of the Boot Loader Interface, which systemd-analyze, bootctl and our initrd read.
/// They live until the next boot. Best effort: a machine boots without them too.
class LoaderVariables {
public:
    explicit LoaderVariables(SystemTable& system) : system_(system) {}

    /// Who we are and what the firmware is.
    void set_identity();
    /// The partition that we were started from.
    void set_device(const Guid& partition);
    /// `name` is LoaderTimeInitUSec (our start) or LoaderTimeExecUSec (the start of the system).
    void set_time(const char16_t* name, std::uint64_t microseconds);
    /// The set that is started: "holdfast-a.efi".
    void set_entry(const char16_t* name);

private:
    void set(const char16_t* name, const Text& text);

    SystemTable& system_;
};

/// Of what is ours alone.
inline constexpr auto holdfast_vendor = guid_constant("5f2c1a8e-6d7b-4c0e-9a43-2b8f0e7d6c51");
/// Why a set was left, in ASCII, for the system that runs next. An initrd that fails keeps its
/// fault in the same place (boot/initrd), over a reset; ours does not outlive this boot, so a
/// machine that finds nothing to boot, again and again, does not wear out the firmware's memory.
inline constexpr auto boot_fault_name = u"HoldfastBootFault";
/// Best effort, as with the variables above.
void set_boot_fault(SystemTable& system, const Text& text);

} // namespace holdfast::uefi
