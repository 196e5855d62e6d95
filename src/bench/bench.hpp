#pragma once

#include "image/context.hpp"

#include <filesystem>

namespace holdfast::bench {

/// What the benchmark measures.
struct Plan {
    std::filesystem::path image;    ///< The disk image of metal-dev.
    std::filesystem::path manifest; ///< Its manifest.
    std::filesystem::path root;     ///< Its root file system.
    std::filesystem::path peer;     ///< That of `containerd_peer()`.
    int boots = 3;                  ///< Of each; medians are shown.
};

/// Boots image and peer in turn, asks both for times and memory, times apiserver and apiclient
/// natively, reads the sizes, and prints one table: figure, mark, and whether it is kept. Nothing
/// here fails because a figure misses its mark. Takes about a minute per pair of boots.
Result<void> run(image::Context& context, const Plan& plan);

/// The rows of that table which need no machine, of a root file system.
Result<void> run_native(image::Context& context, const std::filesystem::path& root);

} // namespace holdfast::bench
