#pragma once

#include "containers/lifecycle/handover.hpp"
#include "containers/lifecycle/images.hpp"
#include "io/files.hpp"

#include <functional>
#include <memory>

namespace holdfast::containers {

/// The parts of the outside world that a container's life needs.
struct World {
    Runtime& runtime;
    io::Files& files;
    io::Clock& clock;
    io::Random& random;
    Handover& handover;
    std::function<Result<std::unique_ptr<io::BlockDevice>>(const std::filesystem::path&)>
        open_archive;
};

struct RunOrder {
    ContainerRequest request;
    ImageSource source;
    RegistryAccess access;
    bool use_cached_image = false;
    /// What to become when the container has ended: host-ctr with all that `finish` needs.
    std::vector<std::string> finish;
};

/// The identifier in containerd: bootstrap containers have the prefix "boot.".
std::string container_id(const ContainerRequest& request);

/// Brings the image into the store, ready to run.
Result<ReadyImage> ensure_image(const ImageSource& source, const RegistryAccess& access,
                                bool use_cached_image, const Labels& labels, World& world);

/// Starts the container, or finds it running, and becomes the waiter. Returns only when that was
/// not possible; whatever was made is then removed again.
///
/// A container left over from before is used again when it is what would be made now; otherwise
/// (another image, another version of this system) a new one takes its place.
Result<int> run_container(const RunOrder& order, World& world);

enum class Ended { by_itself, on_request };

/// After the container's process ended: removes process, container and file system. A status other
/// than 0 of a container that ended by itself is an error.
Result<int> finish_container(const std::string& id, Ended how, World& world);

/// Stops and removes whatever there is of the container; nothing at all is a success.
Result<void> clean_up_container(const std::string& id, World& world);

} // namespace holdfast::containers
