#pragma once

#include "image/context.hpp"

namespace holdfast::bench {

/// A whole refresh of a repository with 1,000 targets, from nginx on loopback into an empty cache, by
/// tuf-client and by python3-tuf in turn; prints medians of time and CPU, and peak memory. Takes half
/// a minute.
Result<void> run_refresh(image::Context& context);

} // namespace holdfast::bench
