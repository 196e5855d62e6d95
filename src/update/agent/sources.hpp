#pragma once

#include "update/manifest/manifest.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace holdfast::update {

/// How far an installation is, in bytes.
struct InstallProgress {
    std::uint64_t done = 0;  ///< In place, wherever they came from.
    std::uint64_t total = 0; ///< That are to be in place.
    std::uint64_t wire = 0;  ///< That went over the network.
};
using ProgressSink = std::function<void(const InstallProgress&)>;

/// A repository as updog sees it: whatever comes out of it is verified.
class UpdateSource {
public:
    virtual ~UpdateSource() = default;

    /// A small target, whole. Errors: `not_found`, `too_large`, and those of the TUF client:
    /// `corrupt` where something is not what the repository's keys have signed, `timeout`, `io`.
    virtual Result<std::string> read_target(const std::string& name, std::uint64_t most_bytes) = 0;
    /// The query that further requests carry, so that the server's log tells what machines do.
    virtual void set_query(std::string query) = 0;
    /// Fills the inactive set with these images, in the order root, boot, hash, and marks it valid.
    /// Before that the set is marked as not bootable; a failure leaves it so. An interrupted
    /// installation goes on where it was.
    virtual Result<void> install(const Images& images, const ProgressSink& report) = 0;
};

/// Which set boots next.
class BootChoice {
public:
    virtual ~BootChoice() = default;
    /// The next boot tries the inactive set once. Errors: `conflict` when none is prepared.
    virtual Result<void> activate() = 0;
    /// Takes `activate` or `rollback` back. Errors: `conflict`.
    virtual Result<void> deactivate() = 0;
    /// The inactive set, which has worked before, boots from now on. Errors: `conflict`.
    virtual Result<void> rollback() = 0;
};

} // namespace holdfast::update
