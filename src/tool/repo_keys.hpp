#pragma once

#include "tool/repo_options.hpp"
#include "update/repository/keys_folder.hpp"

namespace holdfast::tool {

/// All private keys of the folder and those named one by one. A missing folder holds none.
Result<publish::KeyRing> load_keys(io::System& system, const RepoOptions& options);

/// The public half of a key as typed: a PEM file, public or private, or a PKCS #11 URI.
Result<crypto::PublicKey> load_public_key(io::System& system, const std::string& typed);

/// The keys of a new repository. Makes those that were not given: <keys folder>/<role>.pem, which
/// it takes where they exist.
Result<publish::RootKeys> make_root_keys(io::System& system, const RepoOptions& options);

/// Where keys and the first root lie.
publish::KeysFolder keys_folder(io::System& system, const RepoOptions& options);

} // namespace holdfast::tool
