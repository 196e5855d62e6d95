#pragma once

#include "io/system.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::corndog {

/// How much root itself may still change in the kernel, from the least to the most.
enum class Lockdown { none, integrity, confidentiality };
std::string_view name(Lockdown level);

/// What /etc/corndog.toml asks for.
struct Wishes {
    std::map<std::string, std::string> sysctl;
    std::optional<Lockdown> lockdown;
};
/// Errors: `invalid` naming the setting. A key or value that would end its line in sysctl.d, or that
/// sysctl.d would take for a pattern, is refused here once more.
Result<Wishes> parse_wishes(std::string_view toml);

/// A file for sysctl.d. Each line starts with "-": a key that this kernel lacks is no failure.
std::string sysctl_lines(const std::map<std::string, std::string>& sysctl);

/// The level in brackets in /sys/kernel/security/lockdown: "none [integrity] confidentiality".
/// Errors: `corrupt`.
Result<Lockdown> parse_current_lockdown(std::string_view text);

/// Writes the wished parameters where they survive a restart of systemd-sysctl, and sets them.
Result<void> apply_sysctl(io::System& system);
/// Raises the kernel's lockdown. A lower level than the present one needs a reboot, which is told
/// and is no error.
Result<void> apply_lockdown(io::Files& files);

/// `corndog sysctl` and `corndog lockdown`.
Result<int> run(const std::vector<std::string>& arguments, io::System& system);

} // namespace holdfast::corndog
