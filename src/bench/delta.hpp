#pragma once

#include "image/context.hpp"

namespace holdfast::bench {

/// Two releases that differ by some files.
struct DeltaPlan {
    std::filesystem::path build;     ///< Prefix of a built image: "out/metal-dev/latest".
    std::filesystem::path old_files; ///< Laid over its root tree for the first release.
    std::filesystem::path new_files; ///< Laid over the first release's for the second.
};

/// The files that openssl, libssl and libcurl of a suite of Debian bring, unpacked into `folder`: those of trixie and
/// of testing are two releases of an update of them. Errors: `io` with apt's words.
Result<void> unpack_changed_files(image::Context& context, const std::string& suite,
                                  const std::filesystem::path& folder);

/// Makes both releases with the image builder's own steps, serves the second by nginx on loopback,
/// brings it over the first by our updater, casync, zchunk, RAUC's adaptive method (in a virtual
/// machine) and as whole images, and prints bytes on the wire (as nginx counts them, both
/// directions), CPU time and peak memory. Takes about five minutes.
Result<void> run_delta(image::Context& context, const DeltaPlan& plan);

} // namespace holdfast::bench
