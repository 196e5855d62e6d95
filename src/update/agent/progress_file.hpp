#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "update/agent/sources.hpp"
#include "update/status/status.hpp"

namespace holdfast::update {

/// Writes how far a download is to `progress_path`, at most twice a second, for whoever asks the
/// API. Best effort: an update does not fail because nobody can watch it.
class ProgressFile {
public:
    /// Both must outlive the object.
    ProgressFile(io::Files& files, io::Clock& clock)
        : files_(files), clock_(clock), start_(clock.monotonic_now())
    {
    }
    void report(const InstallProgress& progress);

private:
    io::Files& files_;
    io::Clock& clock_;
    std::chrono::steady_clock::time_point start_;
    std::optional<std::chrono::steady_clock::time_point> last_;
};

} // namespace holdfast::update
