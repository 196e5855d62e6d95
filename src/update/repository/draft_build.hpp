#pragma once

#include "update/repository/channel_state.hpp"

#include <functional>

namespace holdfast::publish {

/// The bytes of one of the build's payloads.
using ReadPayload = std::function<Result<std::string>(const Payload&)>;

/// Stores the build's payloads and drafts its channel's content with it (`add_build`), unsigned.
///
/// A version that only waits, with the same payloads, is drafted as if it did not: doing it again after an
/// error or a power cut goes on from there. Where that changes nothing, the draft keeps its signatures
/// unless half of its time is over.
///
/// Errors: those of `add_build`, `add_waiting_build` and `read`; `invalid` for payloads that are not what
/// the build says. Nothing is drafted then.
Result<void> draft_build(io::Files& files, const Layout& layout, const Build& build,
                         const AddOptions& options, const ReadPayload& read, tuf::Time now,
                         std::chrono::seconds lifetime);

} // namespace holdfast::publish
