#pragma once

#include "containers/runtime/runtime.hpp"
#include "containers/lifecycle/image_source.hpp"
#include "containers/lifecycle/registry_access.hpp"
#include "containers/lifecycle/specification.hpp"
#include "io/block_device.hpp"
#include "io/clock.hpp"
#include "io/random.hpp"

namespace holdfast::containers {

/// An image that is in the store and unpacked.
struct ReadyImage {
    std::string name;
    std::string snapshot; ///< The committed snapshot that a container's own goes on top of.
    ImageProcess process;
};

/// The image in the store, ready to run. Errors: `not_found` when it is not there or not (any
/// longer) unpacked; `corrupt` when its description makes no sense.
Result<ReadyImage> find_image(Runtime& runtime, const std::string& name);

/// Pulls the image, endpoint after endpoint, up to six rounds with growing pauses.
Result<void> pull_image(Runtime& runtime, const RegistryImage& image, const RegistryAccess& access,
                        const Labels& labels, io::Clock& clock, io::Random& random);

/// Imports the archive unless this very one is in the store and unpacked.
Result<void> import_archive(Runtime& runtime, const ArchiveImage& image, io::BlockDevice& archive,
                            const Labels& labels);

/// The digest of the index of an OCI archive (an uncompressed tar): what tells two of them apart.
/// Errors: `corrupt` when it is no tar or holds no index.json.
Result<std::string> archive_digest(io::BlockDevice& archive);

} // namespace holdfast::containers
