#pragma once

#include "base/error.hpp"
#include "crypto/sha256.hpp"
#include "json/json.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What stands in TUF metadata (The Update Framework specification 1.0.x, §4), as plain data.
namespace holdfast::tuf {

using Version = std::uint64_t;
using Time = std::chrono::sys_seconds;

/// Digests in hexadecimal by the name of their algorithm.
using Hashes = std::map<std::string, std::string, std::less<>>;

/// A key as it stands in a document. Kinds that we don't know are kept, and never verify.
struct Key {
    std::string type{};
    std::string scheme{};
    std::string public_text{}; ///< PEM, or hexadecimal for Ed25519; empty for unknown kinds.
    Json fields{};             ///< The whole object, for its key id.
};
using Keys = std::map<std::string, Key, std::less<>>;

// `other` holds the members of an object that we don't know, or is null: whoever drafts a document
// anew keeps what others have put there.

/// Who may sign for a role, and how many of them must.
struct Signers {
    std::vector<std::string> key_ids{}; ///< Each once.
    std::uint64_t threshold = 1;        ///< At least 1.
    Json other{};
};

/// What every role's document begins with.
struct Head {
    Version version = 1;
    Time expires{};
    Json other{};
};

struct Root : Head {
    bool consistent_snapshot = false;
    Keys keys;
    Signers root;
    Signers timestamp;
    Signers snapshot;
    Signers targets;
    Json other_roles{};
};

/// What one document says of another.
struct MetaFile {
    Version version = 1;
    std::optional<std::uint64_t> length{};
    Hashes hashes{}; ///< May be empty.
    Json other{};
};

struct Timestamp : Head {
    MetaFile snapshot;
};

struct Snapshot : Head {
    std::map<std::string, MetaFile, std::less<>> meta; ///< By file name: "targets.json".
};

/// A file that the repository offers.
struct Target {
    std::string name{}; ///< With `/` between folders.
    std::uint64_t length = 0;
    Hashes hashes{};
    Json custom{}; ///< Null where there is none.
    Json other{};

    /// Errors: `not_found` where the repository gives no SHA-256.
    Result<crypto::Sha256> sha256() const;
};

/// A role that may sign for a part of the targets.
struct Delegation {
    std::string role{};
    Signers signers{};
    bool terminating = false;         ///< Who looks for a name of this part need not look further.
    std::vector<std::string> paths{}; ///< Patterns; or else…
    std::vector<std::string> hash_prefixes{}; ///< …beginnings of the SHA-256 of the name.
    Json other{};
};

struct Targets : Head {
    std::map<std::string, Target, std::less<>> targets;
    Keys keys;                           ///< Of the delegations.
    std::vector<Delegation> delegations; ///< In the order in which they are asked.
    Json other_of_delegations{};         ///< Of the object that has both.
};

} // namespace holdfast::tuf
