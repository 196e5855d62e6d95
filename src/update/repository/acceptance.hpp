#pragma once

#include "update/repository/channel_state.hpp"
#include "update/tuf/trusted_metadata.hpp"

namespace holdfast::publish {

/// What a machine would come upon.
struct Offer {
    const std::vector<std::string>& roots; ///< The shipped one first, then each newer one.
    const std::string& timestamp;
    const std::string& snapshot;
    const std::string& targets;
    const Documents& before; ///< What it took last.
};

/// Goes from root to root as a machine does, to one that has not expired.
/// Errors: `corrupt` or `invalid` where it would refuse.
Result<tuf::TrustedMetadata> check_roots(const std::vector<std::string>& roots, tuf::Time now);

/// Reads the offer with the checks of the machines themselves.
/// Errors: `corrupt` or `invalid` where a machine would refuse, with its reason.
Result<void> check_acceptance(const Offer& offer, tuf::Time now);

} // namespace holdfast::publish
