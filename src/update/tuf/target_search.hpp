#pragma once

#include "update/tuf/model.hpp"

#include <functional>

namespace holdfast::tuf {

/// Gets the verified targets of a delegated role; `keys` are those of the role that delegates.
using LoadDelegation =
    std::function<Result<Targets>(const Delegation& delegation, const Keys& keys)>;

/// More roles than this are not asked for one target (specification §5.6.7.1).
inline constexpr int most_roles_asked = 32;

/// Finds the target in `top` or in the roles that it delegates to: depth first, each role before
/// those that it delegates to, in the order of the document, each role once (§5.6.7). Behind a
/// terminating delegation nobody else is asked.
///
/// Errors: `not_found`; those of `load`, which end the search.
Result<Target> search_target(std::string_view name, const Targets& top, const LoadDelegation& load);

} // namespace holdfast::tuf
