#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Finds out, after an update was left again, why.
namespace holdfast::boot_health {

/// A set that the machine no longer runs.
struct LeftSet {
    char letter = 'a';
    /// It gave the other one the higher priority itself, before it went down: somebody went back,
    /// or boot-health had it give way.
    bool has_handed_over = false;
    bool operator==(const LeftSet&) const = default;
};

/// The set that was left, in its trial or because it gave way later: the one that does not run, was
/// to be preferred once, and has neither tries left nor a success. From what `signpost status`
/// prints. Nothing where there is none, or where the text does not say.
std::optional<LeftSet> set_that_was_left(std::string_view signpost_status);

/// Where a boot that fails keeps why, for the next one: an object with `reason`, `time` (seconds since
/// 1970), `version` (of the system) and `boot` (the facts of that boot).
inline constexpr auto failure_file = "/.bottlerocket/boot-failure.json";

/// What a boot that failed may have left behind. Each is a text, or nothing.
struct Evidence {
    std::optional<std::string> boot_fault;    ///< Of boot manager or initrd, by a variable.
    std::optional<std::string> judged_reason; ///< Written by boot-health in that boot,
    std::string judged_version;               ///< with its version, if that was known.
    std::optional<std::string> kernel_panic;  ///< A line of the kernel's last words (pstore).
    bool has_handed_over = false;             ///< As in `LeftSet`.
    bool has_reached_private = false;         ///< Its initrd came as far as PRIVATE.
};

/// One sentence for people.
std::string reason_of(const Evidence& evidence);

/// If the machine runs because the other set failed, keeps when and why, for the API and the log.
/// Says so once for each prepared update. Best effort: nothing here may fail a boot.
void report_fall_back(io::Files& files, io::Clock& clock, std::string_view signpost_status);

/// An update has succeeded: whatever failed before it is no news any more.
void forget_fall_back(io::Files& files);

} // namespace holdfast::boot_health
