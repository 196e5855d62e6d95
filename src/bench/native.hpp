#pragma once

#include "image/context.hpp"

namespace holdfast::bench {

/// Medians of apiserver and apiclient run in the SDK tree itself, without a machine around them.
struct Native {
    double get_milliseconds = 0; ///< A whole `apiclient get settings`.
    /// A whole `apiclient set motd=…` and then until /etc/motd is seen rendered. The machine's
    /// services don't run here, so what is restarted is only what has no unit.
    double set_milliseconds = 0;
};

Result<Native> measure_native(image::Context& context);

} // namespace holdfast::bench
