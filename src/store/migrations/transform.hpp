#pragma once

#include "base/version.hpp"
#include "json/json.hpp"
#include "settings/key/key.hpp"

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What settings look like in the next version, declared. Pure: nothing here reads a disk.
namespace holdfast::store::migrations {

using settings::Key;

/// A stored value with its provenance, as the store's table `live` has it.
struct Row {
    std::string value; ///< JSON text.
    std::string who;
    std::int64_t at = 0;
    std::int64_t strong = 1;
    bool operator==(const Row&) const = default;
};
/// Rows by key and source (`store::Source` as a number).
using RowKey = std::pair<std::string, std::int64_t>;
using Rows = std::map<RowKey, Row>;

/// Everything that a migration may change: what counts, and what earlier steps took away, by step.
/// The latter lets a way back restore what the way forward removed, and the other way round.
struct Contents {
    Rows live = {};
    std::map<std::string, Rows> set_aside = {};
    bool operator==(const Contents&) const = default;
};

/// A key, or a table with all below it, gets another name.
struct Move {
    Key from;
    Key to;
};
/// The new version does not know the key any more.
struct Remove {
    Key key;
};
/// The old version does not know the key yet.
struct Add {
    Key key;
};
/// Another default. Only values that no person chose follow: defaults and generated ones.
struct ChangeDefault {
    Key key;
    Json before;
    Json after;
};
/// Values that are spelled in another way, whoever chose them: before → after.
struct MapValues {
    Key key;
    std::vector<std::pair<Json, Json>> values;
};
using Transform = std::variant<Move, Remove, Add, ChangeDefault, MapValues>;

/// What leads to one version from the one before it, under one name.
struct Step {
    Version version; ///< The newer of the two.
    std::string name;
    std::vector<Transform> transforms;
    std::string text; ///< The declaration that it was read from.

    /// "1.1.0 ntp-names"
    std::string id() const { return version.str() + " " + name; }
};

enum class Direction { forward, backward };

/// Reads a declaration:
///
///     version = "1.1.0"
///     [[transforms]]
///     kind = "rename"               # the last part of the name; or "move": any other name
///     from = "settings.ntp.servers"
///     to = "settings.ntp.time-servers"
///     [[transforms]]
///     kind = "remove"               # or "add"
///     key = "settings.old"
///     [[transforms]]
///     kind = "change-default"
///     key = "settings.motd"
///     before = "Hello"
///     after = "Welcome"
///     [[transforms]]
///     kind = "map"
///     key = "settings.kernel.lockdown"
///     values = [ ["off", "none"], ["on", "integrity"] ]
///
/// Errors: `invalid` with the place.
Result<Step> parse_step(std::string name, std::string_view toml);

/// Applies a step; the way back undoes its transforms from the last to the first. Forward and back
/// again gives the same contents. Keys need not exist.
void apply(const Step& step, Direction direction, Contents& contents);

/// The steps between two versions in the order in which they are to be run, by version and name,
/// and back in the reverse order.
std::vector<const Step*> steps_between(const std::vector<Step>& steps, const Version& from,
                                       const Version& to);

} // namespace holdfast::store::migrations
