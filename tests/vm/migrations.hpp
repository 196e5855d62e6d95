#pragma once

#include "json/json.hpp"

#include <string>

namespace holdfast::vm {

/// The migration file that a test release brings: TOML. Those of 1.1.0 and 1.2.0 have all kinds of
/// steps between them; that of 1.9.0 makes a value that the model refuses of settings.motd "bad migration".
std::string migration_of(const std::string& version);

/// What a machine of the tests is told at 1.0.0, as the object "settings".
Json chosen_settings();
/// And what one of its generators says. That is what a change of a default is about.
Json generated_settings();

/// What has become of both at 1.0.0, 1.1.0 or 1.2.0, on the way there or back. A null stands for a
/// name that must not be there.
Json migrated_settings(const std::string& version);
/// Whether the settings of a machine are these, whatever else it has.
bool has_settings(const Json& settings, const Json& expected);

} // namespace holdfast::vm
