#pragma once

#include "json/json.hpp"

#include <set>
#include <string>

namespace holdfast::containers {

/// The seccomp part of a container's specification: every system call that this build's kernel
/// headers know, but for those that reach outside of a container and those whose capability the
/// container lacks. `extra` are allowed in any case.
Json seccomp_profile(const std::set<std::string>& capabilities, const std::set<std::string>& extra);

} // namespace holdfast::containers
