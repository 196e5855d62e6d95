#pragma once

#include "update/tuf/model.hpp"

namespace holdfast::tuf {

/// Read the `signed` part of a document of that role. Unknown members are passed over; those that
/// the specification wants must be there and be of their type. Nothing here is verified.
///
/// Errors: `invalid`, which names the member.
Result<Root> read_root(const Json& signed_part);
Result<Timestamp> read_timestamp(const Json& signed_part);
Result<Snapshot> read_snapshot(const Json& signed_part);
Result<Targets> read_targets(const Json& signed_part);

} // namespace holdfast::tuf
