#pragma once

#include "crypto/signing_key.hpp"
#include "update/tuf/model.hpp"

#include <string_view>

namespace holdfast::tuf {

/// Whether keys of this `keytype` have the member `public`, and can verify where their scheme is
/// known, too.
bool is_known_key_type(std::string_view type);

/// Takes `ed25519` (hexadecimal or PEM), `rsa` with `rsassa-pss-sha256`, and `ecdsa` (formerly
/// `ecdsa-sha2-nistp256`) with `ecdsa-sha2-nistp256`.
/// Errors: `unsupported` for other kinds, `invalid` for text that is no key.
Result<crypto::PublicKey> decode_key(const Key& key);

/// The key as it is written into metadata.
Key encode_key(const crypto::PublicKey& key);

/// SHA-256 of the canonical JSON of the key's object (specification §4.2).
/// Errors: `invalid` where an unknown member of the object has no canonical form.
Result<std::string> key_id(const Key& key);

} // namespace holdfast::tuf
