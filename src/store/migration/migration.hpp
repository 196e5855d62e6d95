#pragma once

#include "base/version.hpp"
#include "json/json.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::store {

/// A key, or a table with all that is below it. "*" as a segment stands for any one segment, where
/// a step only looks at keys and makes no new ones.
struct Rename {
    std::string from;
    std::string to;
};
struct Remove {
    std::string key;
};
/// Values that nobody chose, but an image or a generator put there, and that equal `before`.
struct ChangeDefault {
    std::string key;
    Json before;
    Json after;
};
/// Values of any source, by what they are; others stay. Backward, each `after` becomes its `before`,
/// so no two share one.
struct MapValue {
    struct Pair {
        Json before;
        Json after;
    };
    std::string key;
    std::vector<Pair> values;
};

using Step = std::variant<Rename, Remove, ChangeDefault, MapValue>;

/// What the settings need when a machine comes to `version` from an older one.
struct Migration {
    Version version;
    std::string name;
    std::vector<Step> steps;
};

/// Reads a migration file:
///
///     version = "1.1.0"
///     name = "greeting"
///     [[step]]
///     kind = "rename"              # also "move": a whole table
///     from = "settings.motd"
///     to = "settings.greeting"
///     [[step]]
///     kind = "remove"
///     key = "settings.host-containers.*.legacy"
///     [[step]]
///     kind = "default"
///     key = "settings.ntp.options"
///     before = ["iburst"]
///     after = ["iburst", "minpoll 4"]
///     [[step]]
///     kind = "map"
///     key = "settings.kernel.lockdown"
///     values = [{ before = "on", after = "integrity" }]
///
/// Errors: `invalid`, naming the step and what was expected.
Result<Migration> parse_migration(std::string_view toml);

/// A migration as JSON of the same shape, which the store keeps for the way back.
Json to_json(const Migration& migration);
/// Errors: `invalid`.
Result<Migration> migration_of(const Json& json);

} // namespace holdfast::store
