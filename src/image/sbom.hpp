#pragma once

#include "image/root_tree.hpp"

namespace holdfast::image {

/// The software bill of materials in SPDX 2.3 JSON: one element for each Debian package of the
/// image, and one for Holdfast itself.
Json make_sbom(const Variant& variant, const Release& release,
               const std::vector<Package>& packages, std::string_view created);

} // namespace holdfast::image
