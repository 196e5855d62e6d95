#pragma once

#include "image/context.hpp"
#include "json/json.hpp"

namespace holdfast::image {

/// A Debian package as it went into an image.
struct Package {
    std::string name;
    std::string version;
    std::string architecture;
    std::string source;     ///< Name of the source package.
    std::string maintainer;
    std::string homepage;
    std::string summary;
    std::filesystem::path file; ///< The .deb in the cache.
};

/// Resolves the packages with their dependencies against the mirror's signed index, without those
/// in `exclude` (a package that `names` asks for by name stays), and downloads them (apt checks index signature and hashes). Sorted by name.
/// The index is fetched once and kept, so that builds of one day agree; `refresh_index` renews it.
/// Errors: `not_found` naming a package that the index does not have, `io` with apt's words.
Result<std::vector<Package>> fetch_packages(Context& context,
                                            const std::vector<std::string>& names,
                                            const std::vector<std::string>& exclude);

/// Fetches the package index anew.
Result<void> refresh_index(Context& context);

/// Unpacks the packages' files into a folder. No maintainer script runs.
Result<void> extract_packages(Context& context, const std::vector<Package>& packages,
                              const std::filesystem::path& folder);

} // namespace holdfast::image
