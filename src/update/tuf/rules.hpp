#pragma once

#include "update/tuf/model.hpp"

/// The decisions of the client workflow (specification §5) as functions of plain data.
namespace holdfast::tuf {

/// Errors: `corrupt` when `now` is at or past the expiry.
Result<void> check_fresh(const Head& head, Time now);

/// Length and every digest whose algorithm we know; at least one must be known if any is given.
/// Errors: `corrupt`.
Result<void> check_bytes(const MetaFile& expected, std::string_view bytes);

/// No document that the old snapshot lists is gone or older in the new one (§5.5.5).
/// Errors: `corrupt`, naming the document.
Result<void> check_no_rollback(const Snapshot& old_one, const Snapshot& new_one);

/// A key that could sign before cannot any more. The way out of a fast-forward attack (§5.3.11):
/// what such a key signed is then forgotten.
bool has_lost_key(const Signers& before, const Signers& after);

/// Whether the timestamp or the snapshot may have been signed by a key that is gone.
bool has_lost_online_key(const Root& before, const Root& after);

/// `*` stands for any characters but `/`, `?` for one.
bool matches_pattern(std::string_view pattern, std::string_view name);

/// Whether targets of this name are the role's to sign.
bool is_delegated(const Delegation& delegation, std::string_view name);

} // namespace holdfast::tuf
