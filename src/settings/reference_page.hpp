#pragma once

#include "settings/node.hpp"

#include <string>

namespace holdfast::settings {

/// The reference page for the tree below `root`, in Markdown.
std::string reference_page(const Node& root);

} // namespace holdfast::settings
