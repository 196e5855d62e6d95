#pragma once

#include "image/context.hpp"

namespace holdfast::bench {

/// The machine that Holdfast is measured against: a stock Debian 13 with containerd, made by
/// mmdebstrap with its maintainer scripts run, ext4 root, initramfs-tools, systemd-boot; root is
/// logged in on the serial console so that memory can be read. Kept in the cache; remade when
/// this recipe or the mirror changes. Takes two to three minutes.
Result<std::filesystem::path> make_peer_image(image::Context& context);

} // namespace holdfast::bench
