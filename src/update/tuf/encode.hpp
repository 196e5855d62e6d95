#pragma once

#include "update/tuf/model.hpp"

namespace holdfast::tuf {

/// The `signed` part of a document, as `read_…` reads it. For those who publish; a document that
/// was published by others is passed on by its bytes, never by this.
Json write_root(const Root& root);
Json write_timestamp(const Timestamp& timestamp);
Json write_snapshot(const Snapshot& snapshot);
Json write_targets(const Targets& targets);

} // namespace holdfast::tuf
