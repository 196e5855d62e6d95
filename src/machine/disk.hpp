#pragma once

#include "io/files.hpp"
#include "io/processes.hpp"
#include "machine/arguments.hpp"

#include <cstdint>
#include <filesystem>

namespace holdfast::machine {

/// Copies a raw image, sharing or skipping what it can: a clone on file systems that clone, and
/// holes stay holes.
Result<void> copy_image(io::Processes& processes, const std::filesystem::path& from,
                        const std::filesystem::path& to);

/// Makes the image `size` bytes long. The second partition table stays where it was, in the middle
/// now, as on a disk that somebody enlarged. Errors: `invalid` when it would shrink.
Result<void> grow_image(io::Processes& processes, const std::filesystem::path& image,
                        std::uint64_t size);

/// Prepares the disks for a start: what an earlier run left is settled, and each disk that loses
/// unflushed writes gets a fresh overlay.
///
/// The overlay is qcow2. QEMU keeps its mapping tables in memory and writes them when the guest
/// flushes, so a cluster (64 KiB) first written since the start and not flushed afterwards is lost
/// with the process. A second write to a mapped cluster is not lost: this disk is worse than one
/// without a cache and better than the worst real one.
Result<void> prepare_disks(io::Files& files, io::Processes& processes, const Options& options,
                           const StateFiles& state);

/// After the machine has ended in whatever way: writes what the overlays hold into their images and
/// removes them, so that the images are the whole truth. Safe to repeat.
Result<void> settle_disks(io::Files& files, io::Processes& processes, const Options& options,
                          const StateFiles& state);

} // namespace holdfast::machine
