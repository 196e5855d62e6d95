#pragma once

#include "crypto/signing_key.hpp"
#include "io/testing/fake_http_client.hpp"
#include "update/tuf/document.hpp"
#include "update/tuf/model.hpp"

namespace holdfast::tuf {

/// A repository in memory that does whatever a test wants of it, right or wrong: change its parts,
/// then publish them. Everything is signed with Ed25519 and expires at the end of 2024.
class TestRepository {
public:
    static constexpr auto metadata_url = "http://updates/metadata";
    static constexpr auto targets_url = "http://updates/targets/";

    /// Version 1 of everything, published: one key per role, consistent snapshots.
    TestRepository();

    Root root;
    Timestamp timestamp;
    Snapshot snapshot;
    Targets targets;
    std::map<std::string, Targets> delegated;

    /// Who signs for a role in this repository, whatever its root says.
    std::map<std::string, std::vector<crypto::PrivateKey>> keys;
    /// Whether timestamp and snapshot tell lengths and hashes of what they refer to.
    bool announces_hashes = false;

    io::FakeHttpClient http;

    void add_target(const std::string& name, const std::string& content);
    /// A role of this repository for names that match `path`, with a key of its own.
    Targets& delegate(Targets& delegator, const std::string& role, const std::string& path);
    /// Takes the role's keys away and gives it one new key.
    void rotate(const std::string& role, Signers& signers);
    /// Gives the role one more key, or takes the one that it has had for longest.
    void add_key(const std::string& role, Signers& signers);
    void drop_key(const std::string& role, Signers& signers);

    // Put the part, as it is, under its URL, and what refers to it up to date in memory.
    void publish_root();
    void publish_targets();
    void publish_snapshot();
    void publish_timestamp();
    /// New versions of targets, snapshot and timestamp.
    void publish_next();

    /// Any document, signed by the role's keys.
    std::string sign(const std::string& role, Json signed_part);
    std::string file(const std::string& name) const;
    void put(const std::string& name, const std::string& text);
    std::vector<std::string> requested_names() const;

private:
    MetaFile announce(Version version, const std::string& text) const;
    void publish_role(const std::string& role, const Targets& content);
};

} // namespace holdfast::tuf
