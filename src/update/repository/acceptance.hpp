#pragma once

#include "update/repository/channel_state.hpp"

namespace holdfast::publish {

/// What a machine would come upon.
struct Offer {
    const std::vector<std::string>& roots; ///< The shipped one first, then each newer one.
    const std::string& timestamp;
    const std::string& snapshot;
    const std::string& targets;
    const Documents& before; ///< What it took last.
};

/// Reads the offer with the checks of the machines themselves.
/// Errors: `corrupt` or `invalid` where a machine would refuse, with its reason.
Result<void> check_acceptance(const Offer& offer, tuf::Time now);

} // namespace holdfast::publish
