#pragma once

#include "settings/model.hpp"

#include <set>
#include <span>
#include <string>
#include <vector>

namespace holdfast::apply {

/// A service whose restart commands are to run, and what it is told of the change.
struct AffectedService {
    std::string name;
    std::vector<std::string> changed; ///< The keys that concern it; none at boot.
};

/// What a change means for the machine.
struct Plan {
    std::set<std::string> files;           ///< Names of configuration files.
    std::vector<AffectedService> services; ///< In the order of their restarts.
};

/// The services that these keys affect, and the files of those services.
Plan plan_for_keys(const settings::Model& model, std::span<const std::string> keys);
/// Everything, for the boot: files that belong to no service too.
Plan plan_for_all(const settings::Model& model);

} // namespace holdfast::apply
