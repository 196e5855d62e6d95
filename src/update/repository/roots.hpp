#pragma once

#include "io/files.hpp"
#include "update/repository/key_ring.hpp"
#include "update/repository/layout.hpp"

#include <optional>

namespace holdfast::publish {

/// The roots that were published, oldest first, as text; each verifies by the one before.
/// Errors: `not_found` where the repository has none; `corrupt` where the chain is broken.
Result<std::vector<std::string>> load_roots(io::Files& files, const Layout& layout);

/// The newest of them.
Result<tuf::Root> load_current_root(io::Files& files, const Layout& layout);

/// The root that waits for signatures, if there is one. Not one that was published already.
Result<std::optional<tuf::Document>> load_root_draft(io::Files& files, const Layout& layout);

/// The root to change: the one that waits, or else the newest with the next version.
Result<tuf::Root> load_next_root(io::Files& files, const Layout& layout);

/// Who will sign for a role.
struct RoleKeys {
    std::vector<crypto::PublicKey> keys;
    std::uint64_t threshold = 1;
};
struct RootKeys {
    RoleKeys root;
    RoleKeys timestamp;
    RoleKeys snapshot;
    RoleKeys targets;
};

/// Version 1. Errors: `invalid` where a threshold exceeds its keys.
Result<tuf::Root> make_root(const RootKeys& keys, tuf::Time expires);

/// Version 1 as it is published, signed by its keys. Errors: `invalid` where they are not all at hand.
Result<std::string> sign_first_root(const tuf::Root& root, const KeyRing& keys);

/// What to change of one role in the next root.
struct RoleChange {
    std::string role; ///< "root", "timestamp", "snapshot" or "targets".
    std::vector<crypto::PublicKey> add{};
    std::vector<std::string> remove{}; ///< Key ids.
    std::optional<std::uint64_t> threshold{};
};

/// `root` with the change. Keys that no role uses any more are dropped.
/// Errors: `invalid` for an unknown role or key id, or where too few keys would stay.
Result<tuf::Root> change_root(tuf::Root root, const RoleChange& change);

/// Puts the root where it waits for signatures, without any.
Result<void> save_root_draft(io::Files& files, const Layout& layout, const tuf::Root& root);

} // namespace holdfast::publish
