#pragma once

#include "image/root_tree.hpp"

namespace holdfast::image {

/// The packages of container images, by the name of the image.
using ContainerPackages = std::map<std::string, std::vector<Package>>;

/// The software bill of materials in SPDX 2.3 JSON: one element for each Debian package, one for
/// Holdfast itself, and one for each container image in it; who contains what, say relationships.
Json make_sbom(const Variant& variant, const Release& release, const std::vector<Package>& packages,
               const ContainerPackages& containers, std::string_view created);

} // namespace holdfast::image
