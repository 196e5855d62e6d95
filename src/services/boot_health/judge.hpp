#pragma once

#include "base/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The decisions, free of any I/O.
namespace holdfast::boot_health {

/// A program and its arguments.
using HealthCommand = std::vector<std::string>;

/// What must be well for a boot to count as successful: /usr/share/holdfast/boot-health.json.
struct Rules {
    std::vector<std::string> units;      ///< Must be active.
    std::vector<HealthCommand> commands; ///< Must exit with 0; those of settings.boot-health.
    std::chrono::seconds time_limit{60};
    std::string api_socket = "/run/api.sock"; ///< Must answer GET /os.
};
/// {"units": ["multi-user.target", …], "commands": [["/usr/bin/apiclient", "get", "/os"], …],
/// "time-limit-seconds": 60}; the last two may be missing. Errors: `invalid`.
Result<Rules> parse_rules(std::string_view json);

/// The image's rules with those of settings.boot-health beside them (/etc/boot-health.json): more
/// units and commands, and another limit where one is given. Errors: `invalid`.
Result<Rules> with_settings(Rules rules, std::string_view json);

/// One unit as `systemctl show` prints it.
struct UnitState {
    std::string name;               ///< Of the unit itself, where `names` has links to it.
    std::vector<std::string> names; ///< All of them.
    std::string load;               ///< "loaded", "not-found", …
    std::string active;             ///< "active", "activating", "failed", …
    std::string status; ///< What the service last said of itself, such as why it cannot go on.
    std::string exit_status; ///< Of its last process: "0", "78".
};
/// "apiserver.service failed: settings cannot be …".
std::string failure_of(const UnitState& unit);
/// The blocks of "Key=value" lines, one block per unit, separated by empty lines.
std::vector<UnitState> parse_units(std::string_view shown);

enum class Health { good, not_yet, bad };
struct Verdict {
    Health health = Health::good;
    std::string reason; ///< The unit that is to blame, for people.
};
/// Bad as soon as a required unit failed or does not exist: waiting would not help.
Verdict judge_units(const std::vector<std::string>& required, const std::vector<UnitState>& units);

/// Whether the set that runs was marked successful before, out of what `signpost status` prints.
/// Nothing when the text does not say.
std::optional<bool> active_set_succeeded(std::string_view status);

/// Whether a reply's first line says that all is well: "HTTP/1.1 200 OK".
bool is_success_reply(std::string_view reply);

} // namespace holdfast::boot_health
