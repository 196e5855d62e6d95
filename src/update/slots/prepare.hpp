#pragma once

#include "io/http_client.hpp"
#include "update/signpost/signpost.hpp"
#include "update/source/release.hpp"

#include <functional>

namespace holdfast::update {

/// The three partitions of one set.
struct SetDevices {
    io::BlockDevice& boot;
    io::BlockDevice& root;
    io::BlockDevice& hash;
};

/// Makes a change with the disk's flags as they are by then, while nobody else can change them.
using ChangeFlags = std::function<Result<void>(const std::function<Result<void>(Signpost&)>&)>;

/// What an update works on. The devices are those that `signpost` calls active and inactive; nobody
/// else writes to the latter meanwhile.
struct Machine {
    const Signpost& signpost; ///< As it was at the beginning.
    /// Others may change flags between two calls: a boot is marked successful while an update,
    /// which takes long, goes on.
    ChangeFlags change_flags;
    SetDevices active;   ///< Only read.
    SetDevices inactive; ///< Overwritten.
};

/// What a finished `prepare` can tell.
struct Prepared {
    Progress progress;
    /// Why the block list of the release was of no use; the update then took more bytes.
    std::optional<Error> list_problem;
};

/// Brings a release into the inactive set: checks that it fits, marks the set as not bootable,
/// fills ROOT, BOOT and HASH (see `fill_partition`), reads each back, and marks the set valid. The
/// machine goes on booting the active set; `activate` changes that.
///
/// A power cut at any instant leaves the active set as it was and the inactive one not bootable, or
/// complete. The next call finds what is in place and goes on from there.
///
/// Blocks for as long as it takes; `watch` follows and cancels. Errors, with nothing changed:
/// `conflict` without an inactive set, or while the running one has not proved itself, since then
/// the other one is what the machine falls back to; `too_large` when a payload does not fit its
/// partition. Errors, with the inactive set not bootable: those of `fill_partition`.
Result<Prepared> prepare(Machine machine, const Release& release, io::HttpClient& http,
                         const Watch& watch = {}, const Limits& limits = {});

/// The next boot tries the prepared set once. Errors: `conflict` when none is prepared or it is
/// marked already; `io`.
Result<void> activate(Signpost& signpost);
/// Takes `activate` or `rollback` back: the set stays prepared, or what the machine falls back to.
/// Errors: `conflict` when the next boot would not take the inactive set; `io`.
Result<void> deactivate(Signpost& signpost);
/// Whether the inactive set is a version to go back to, as far as its flags tell. Errors: `conflict`.
Result<void> check_rollback(const Signpost& signpost);
/// The next boot takes the inactive set, which has worked before. Errors: `conflict` when it has
/// not, as an update that was never tried; `io`.
Result<void> rollback(Signpost& signpost);

} // namespace holdfast::update
