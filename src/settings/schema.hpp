#pragma once

#include "settings/node.hpp"

namespace holdfast::settings {

/// JSON Schema of a document {"settings": …} for the tree below `root`.
Json schema(const Node& root);

} // namespace holdfast::settings
