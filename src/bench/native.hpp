#pragma once

#include "image/context.hpp"

namespace holdfast::bench {

/// What apiserver, apiclient, settings-applier and systemd of an image need without a machine around
/// them: medians.
struct Native {
    double get_milliseconds = 0; ///< A whole `apiclient get settings`.
    /// A whole `apiclient set` of the time servers, until chrony.conf is rendered and chronyd has been
    /// restarted, as /apply/status says.
    double set_milliseconds = 0;
    int readers = 0;            ///< That ask for the settings at once.
    int served_readers = 0;     ///< Of them, those that got the settings.
    double readers_seconds = 0; ///< Until the last one had its answer.
};

/// Runs the root file system `root_image` (EROFS) natively: its systemd is the first process of
/// namespaces of its own, with the units of the image.
Result<Native> measure_native(image::Context& context, const std::filesystem::path& root_image);

} // namespace holdfast::bench
