#pragma once

#include "io/clock.hpp"
#include "update/repository/channel_state.hpp"
#include "update/repository/roots.hpp"

namespace holdfast::publish {

/// How long documents stay valid from when they are made.
struct ExpirationPolicy {
    std::chrono::seconds targets = std::chrono::weeks(2);
    std::chrono::seconds snapshot = std::chrono::weeks(2);
    std::chrono::seconds timestamp = std::chrono::weeks(1);
    std::chrono::seconds root = std::chrono::weeks(52);
};

/// A document that nobody with the keys at hand can complete, or that is held back.
struct Waiting {
    std::string document; ///< "metal-host/x86_64 targets.json"
    std::string reason;   ///< "1 of 2 needed signatures hold"
    std::string missing = "signatures";
};

/// What becomes of a new version whose second wave has begun when all signatures are there at last.
enum class LateWaves {
    wait,      ///< It is held back, with its signatures.
    are_taken, ///< It is published: all machines take it at once whose wave has come.
};

struct PublishOptions {
    ExpirationPolicy expiration;
    /// The root in the oldest machines of the field; empty for the first of this repository.
    std::filesystem::path shipped_root;
    LateWaves late_waves = LateWaves::wait;
};

/// Goes on with everything that is drafted, as far as the keys at hand reach: signs, and publishes
/// each channel whose documents are complete. What is left over waits for the next person. Called
/// again after a power cut, it ends where it would have.
///
/// A root that waits holds up no channel. It is published when it is complete and all channels hold
/// by it as well as by the one before; what they lack for that is drafted and signed here too.
///
/// The order of writing makes each change visible at once: targets files, the documents with
/// versions in their names, and last timestamp.json. A machine sees the old state or the new one.
/// A channel's new documents are first read as a machine with the shipped root would read them;
/// what it would refuse is not published.
///
/// Errors: `invalid` where a machine would refuse; those of files and keys.
Result<std::vector<Waiting>> publish(io::Files& files, io::Clock& clock, const Layout& layout,
                                     const KeyRing& keys, const PublishOptions& options);

/// Drafts a document anew with a later expiry, and so all that refer to it. `role` is "timestamp",
/// "snapshot" or "targets". A draft that waits for signatures keeps those that it has, and goes on
/// waiting while what is published is renewed: the role that refers to it is drafted. Only where
/// half of its time is over it is drafted anew, without signatures.
///
/// Errors: `not_found` where nothing was published.
Result<void> draft_refresh(io::Files& files, io::Clock& clock, const Layout& layout,
                           const Channel& channel, std::string_view role,
                           const ExpirationPolicy& expiration);

} // namespace holdfast::publish
