#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::containers {

/// Where the standard streams of a container's process pass.
struct StreamPaths {
    std::filesystem::path output;
    std::filesystem::path errors;
};

/// How host-ctr turns into the small program that stays beside a running container: a gRPC client
/// costs some 15 MB while it waits, host-ctr-wait a few hundred kilobytes.
///
/// The process keeps its identity, so systemd sees one main process from start to end.
class Handover {
public:
    virtual ~Handover() = default;

    /// From now on SIGTERM and SIGINT wait for host-ctr-wait, so that no signal can fall between
    /// the start of the container and the one who stops it.
    virtual Result<void> hold_signals() = 0;
    /// Makes the two FIFOs where they are missing and opens both ends, so that neither side ever
    /// waits for the other, and what was written while nobody read is kept.
    virtual Result<void> open_streams(const StreamPaths& paths) = 0;
    /// Watches that process. `not_found` when it is gone.
    virtual Result<void> watch(std::uint32_t pid) = 0;
    enum class Process { watched, ended };
    /// Becomes host-ctr-wait, which copies the streams and becomes `finish` when the watched
    /// process has ended, or at once. Returns only on failure. Precondition: the streams are open.
    virtual Result<int> become_waiter(Process process, const std::vector<std::string>& finish) = 0;
};

} // namespace holdfast::containers
