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

/// All checkouts share the index, the downloads and the trees; who uses or makes them holds this,
/// from before `package_index` until the trees are made. Waits for other builds, and says so.
/// Errors: `locked` after half an hour.
Result<std::unique_ptr<io::FileLock>> lock_packages(Context& context);

/// A text that changes with the package index. The index is fetched once and kept, so that builds
/// of one day agree: it is fetched here where there is none of this mirror, or `refresh_index`
/// asked for it. Errors: `io` with apt's words; the next call tries again.
Result<std::string> package_index(Context& context);

/// Has the next `package_index` fetch the index anew.
Result<void> refresh_index(Context& context);

/// Resolves the packages with their dependencies against the mirror's signed index, without those
/// in `exclude` (a package that `names` asks for by name stays), and downloads them (apt checks
/// index signature and hashes). Sorted by name. Fetches the index anew where it names versions that
/// the mirror no longer has. Errors: `not_found` naming a package that the index does not have,
/// `io` with apt's words.
Result<std::vector<Package>> fetch_packages(Context& context,
                                            const std::vector<std::string>& names,
                                            const std::vector<std::string>& exclude);

/// The same of these packages alone, without what they depend on: for looking into them.
Result<std::vector<Package>> fetch_packages_alone(Context& context,
                                                  const std::vector<std::string>& names);

/// Unpacks the packages' files into a folder. No maintainer script runs.
Result<void> extract_packages(Context& context, const std::vector<Package>& packages,
                              const std::filesystem::path& folder);

} // namespace holdfast::image
