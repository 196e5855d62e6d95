#pragma once

#include "update/repository/publish.hpp"

namespace holdfast::publish {

/// Reads the TOML text of an expiration policy: `targets_expiration`, `snapshot_expiration`,
/// `timestamp_expiration`, `root_expiration`, each such as "2 weeks"; what is missing keeps its
/// default. Errors: `invalid`, also for other keys.
Result<ExpirationPolicy> parse_expiration_policy(std::string_view toml);

} // namespace holdfast::publish
