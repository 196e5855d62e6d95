#pragma once

#include "update/repository/channel_state.hpp"

namespace holdfast::publish {

/// Gives up the root that waits for signatures, and what was drafted for it alone. What waits
/// beside it goes on waiting. A power cut leaves the root waiting, or nothing of it. Errors:
/// `not_found` where none waits.
Result<void> abandon_root(io::Files& files, const Layout& layout);

/// Gives up what waits for signatures of a channel: it is as it was published last. Payloads of a
/// version that was to come stay until `prune`. Errors: `not_found` where nothing waits.
Result<void> abandon_drafts(io::Files& files, const Layout& layout, const Channel& channel);

} // namespace holdfast::publish
