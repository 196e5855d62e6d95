#pragma once

#include "image/context.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::bench {

/// A stock Debian 13 that something here is compared with.
struct DebianMachine {
    std::string name;                  ///< Of the host, and of its folder in the cache.
    std::string packages;              ///< Beside the base system's; as mmdebstrap wants them.
    std::vector<std::string> services; ///< Enabled.
};

/// The machine that Holdfast's boot is measured against: what an administrator would install for the
/// same job.
DebianMachine containerd_peer();

/// Makes its disk image by mmdebstrap with the maintainer scripts run, ext4 root, initramfs-tools,
/// systemd-boot; root is logged in on the serial console. Kept in the cache; remade when the recipe
/// or the mirror changes. Takes two to three minutes.
Result<std::filesystem::path> make_debian_image(image::Context& context,
                                                const DebianMachine& machine);

} // namespace holdfast::bench
