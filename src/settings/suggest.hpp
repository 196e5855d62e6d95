#pragma once

#include "settings/node.hpp"

#include <string>
#include <string_view>

namespace holdfast::settings {

/// What a user may have meant by a key that `table` does not have: a name in the table that looks
/// like it ("lockdown"), else where else below `root` that very name is ("network.hostname"), else
/// nothing.
std::string suggestion(const Node& root, const Node& table, std::string_view unknown);

} // namespace holdfast::settings
