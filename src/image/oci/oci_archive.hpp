#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace holdfast::image {

/// A container image of one layer.
struct OciImage {
    std::filesystem::path root; ///< The tree that becomes its file system.
    std::vector<std::string> entrypoint;
    std::vector<std::string> environment; ///< "NAME=value"
    std::map<std::string, std::string> labels;
    std::string architecture = "amd64"; ///< As the OCI image specification names it.
    /// Seconds since 1970: the time of every file, and of the image itself.
    std::int64_t source_date_epoch = 0;
};

/// Writes the image as an OCI archive (image layout in a tar, specification 1.1) with index.json in
/// front. The same tree gives the same bytes: entries are sorted, owned by root and of one time;
/// extended attributes are left out. The layer is compressed with zstd: containerd unpacks it
/// several times as fast as gzip, from fewer bytes.
///
/// Errors: `unsupported` when the tree holds something else than directories, files and symbolic
/// links; `io`, after which nothing lies at `out`.
Result<void> build_oci_archive(const OciImage& image, const std::filesystem::path& out);

} // namespace holdfast::image
