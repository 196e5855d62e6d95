#pragma once

#include "base/error.hpp"
#include "json/json.hpp"
#include "update/status/sets.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::update {

/// Everybody who runs a command holds this file locked (flock(2)); who reads the status shares it.
constexpr auto lock_path = "/run/lock/thar-be-updates.lock";
/// The status, replaced atomically. On a tmpfs, so a reboot forgets it.
constexpr auto status_path = "/run/cache/thar-be-updates/status.json";
/// How far a running `prepare` is, replaced atomically now and then. Ours beside the reference.
constexpr auto progress_path = "/run/cache/thar-be-updates/progress.json";
/// Why the last update was left again, on PRIVATE. Ours beside the reference.
constexpr auto fall_back_path = "/var/lib/bottlerocket/last-fall-back.json";

/// Which update was brought into the inactive set last: a `StagedUpdate`, on PRIVATE.
constexpr auto staged_path = "/var/lib/bottlerocket/staged-update.json";

/// The command that goes back to the version before: ours, and no `CommandKind`, since those are
/// what programs that read the status know.
constexpr auto rollback_command = "rollback";

/// Exit statuses of thar-be-updates, which the API makes its HTTP statuses of.
enum class ExitStatus {
    failure = 1,
    misuse = 2,
    locked = 64,
    disallowed = 65,
    update_missing = 66,
    nothing_staged = 67,
};

enum class State { idle, available, staged, ready };
enum class CommandKind { refresh, prepare, activate, deactivate };
constexpr std::array all_commands{CommandKind::refresh, CommandKind::prepare, CommandKind::activate,
                                  CommandKind::deactivate};
enum class CommandStatus { success, failed, unknown };

/// "Idle", "prepare", "Success": as they stand in the status.
std::string_view name(State state);
std::string_view name(CommandKind kind);
std::string_view name(CommandStatus status);
/// The command of this name. Errors: `invalid`.
Result<CommandKind> parse_command(std::string_view name);

/// Which image something is about.
struct ImageIdentity {
    std::string arch = {};
    std::string version = {};
    std::string variant = {};
    bool operator==(const ImageIdentity&) const = default;
};

struct PartitionStatus {
    ImageIdentity image = {};
    bool next_to_boot = false;
    bool operator==(const PartitionStatus&) const = default;
};

/// The update that was brought into the inactive set last.
struct StagedUpdate {
    ImageIdentity image = {};
    std::chrono::sys_seconds when = {};
    std::optional<ImageIdentity> before = {}; ///< What ran then. An older updog did not say.
    bool operator==(const StagedUpdate&) const = default;
};

/// Errors: `invalid`.
Result<StagedUpdate> parse_staged(std::string_view content);
Json to_json(const StagedUpdate& staged);

/// What the set that does not run is to the update system.
struct OtherSet {
    enum class Use {
        none,             ///< Empty, half filled, left after its trial, or to go back to.
        may_be_activated, ///< It holds an update that was not tried.
        boots_next,       ///< Activated, or gone back to.
    } use = Use::none;
    std::optional<ImageIdentity> image = {}; ///< Where that is known.
    bool operator==(const OtherSet&) const = default;
};

/// From what `signpost status` tells and the note of the last update; `running` decides which of
/// the two images of that note is in the other set.
OtherSet other_set(const BootSets& sets, const std::optional<StagedUpdate>& staged,
                   const ImageIdentity& running);

/// What came of a command.
struct CommandRecord {
    CommandKind kind = CommandKind::refresh;
    CommandStatus status = CommandStatus::unknown;
    std::chrono::sys_time<std::chrono::milliseconds> timestamp = {};
    int exit_status = 0;
    std::string stderr_text = {}; ///< One message for the person who can act.
    bool operator==(const CommandRecord&) const = default;
};

/// How far a download is. Ours beside the reference.
struct ProgressReport {
    std::uint64_t bytes = 0;   ///< In place so far.
    std::uint64_t total = 0;   ///< That the update consists of.
    std::uint64_t percent = 0; ///< 0 to 100.
    std::uint64_t rate = 0;    ///< Bytes a second over the network, since the beginning.
    bool operator==(const ProgressReport&) const = default;
};

/// What is known about updates: the reply of GET /updates/status.
struct Status {
    State state = State::idle;
    std::vector<std::string> available = {}; ///< Highest first, older ones too.
    std::optional<ImageIdentity> chosen = {};
    std::optional<PartitionStatus> active = {};
    std::optional<PartitionStatus> staging = {};
    std::optional<CommandRecord> last_command = {};
    std::optional<ProgressReport> progress = {};
    bool operator==(const Status&) const = default;
};

/// Errors: `invalid`.
Result<Status> parse_status(std::string_view text);
Json to_json(const Status& status);

Json to_json(const ProgressReport& progress);
/// Errors: `invalid`.
Result<ProgressReport> parse_progress(const Json& json);

/// Whether the command may run now; if not, the exit status that says why.
std::optional<ExitStatus> refusal(const Status& status, CommandKind command);

/// The status after a command that came to `outcome`. What a refresh found is in the status
/// already. For the other commands `other` tells what is true now; where that could not be found
/// out, the state stays.
///
/// A failure keeps the state as far as the disk bears it out: an update stays staged where
/// `prepare` failed before it touched the set.
Status after_command(Status status, const CommandRecord& outcome,
                     const std::optional<OtherSet>& other);

/// The status after somebody has gone back to the version of the other set.
Status after_rollback(Status status, const std::optional<OtherSet>& other);

} // namespace holdfast::update
