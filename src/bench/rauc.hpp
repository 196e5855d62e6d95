#pragma once

#include "bench/debian.hpp"
#include "machine/web_server.hpp"

#include <filesystem>

namespace holdfast::bench {

/// A Debian with RAUC's service, which updates the partitions of a second disk.
DebianMachine rauc_machine();

/// One update by RAUC with its adaptive method (block-hash-index).
struct RaucPlan {
    std::filesystem::path payloads; ///< Has the files boot, root and hash: the new release.
    /// A Holdfast disk with the old release in set A and nothing in set B. It is written to.
    std::filesystem::path disk;
    std::filesystem::path folder; ///< For its own files; made anew.
};

/// Makes a bundle of the payloads, as RAUC's manual says for this method, and puts it where `server`
/// serves it as rauc/new.raucb.
Result<void> make_rauc_bundle(image::Context& context, const RaucPlan& plan,
                              const std::filesystem::path& served);

/// Installs that bundle by HTTP into set B, in a virtual machine: RAUC needs a bus, network block devices and
/// dm-verity. `image` is that of `rauc_machine()`. On return set B has been compared with the
/// payloads. Takes about two minutes.
Result<void> install_rauc_bundle(image::Context& context, const RaucPlan& plan,
                                 const std::filesystem::path& image,
                                 const machine::WebServer& server);

} // namespace holdfast::bench
