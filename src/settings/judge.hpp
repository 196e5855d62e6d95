#pragma once

#include "settings/node.hpp"

#include <string>
#include <string_view>

namespace holdfast::settings {

/// Takes a settings object key by key, along the tree whose root is "settings".
Judged judge(const Node& root, const Json& settings);

/// One "key=value" as `Model::flatten_pair` has it.
Result<Values> judge_pair(const Node& root, std::string_view pair);

} // namespace holdfast::settings
