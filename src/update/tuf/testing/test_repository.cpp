#include "update/tuf/testing/test_repository.hpp"

#include "crypto/digest.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/keys.hpp"
#include "update/tuf/names.hpp"

namespace holdfast::tuf {

namespace {

using crypto::PrivateKey;
using crypto::SignatureScheme;

constexpr Time end_of_2024 = std::chrono::sys_days(std::chrono::year(2024) / 12 / 31);

std::string list_key(Keys& keys, const PrivateKey& key)
{
    const auto encoded = encode_key(key.public_key());
    const auto id = *key_id(encoded);
    keys[id] = encoded;
    return id;
}

} // namespace

TestRepository::TestRepository()
{
    root.expires = timestamp.expires = snapshot.expires = targets.expires = end_of_2024;
    root.consistent_snapshot = true;
    rotate("root", root.root);
    rotate("timestamp", root.timestamp);
    rotate("snapshot", root.snapshot);
    rotate("targets", root.targets);
    publish_root();
    publish_targets();
    publish_snapshot();
    publish_timestamp();
}

void TestRepository::rotate(const std::string& role, Signers& signers)
{
    keys[role].clear();
    signers.key_ids.clear();
    add_key(role, signers);
}

void TestRepository::add_key(const std::string& role, Signers& signers)
{
    keys[role].push_back(PrivateKey::generate(SignatureScheme::ed25519));
    signers.key_ids.push_back(list_key(root.keys, keys[role].back()));
}

void TestRepository::drop_key(const std::string& role, Signers& signers)
{
    keys[role].erase(keys[role].begin());
    signers.key_ids.erase(signers.key_ids.begin());
}

void TestRepository::add_target(const std::string& name, const std::string& content)
{
    const auto digest = crypto::sha256(content).hex();
    targets.targets[name] = {
        .name = name, .length = content.size(), .hashes = {{"sha256", digest}}};
    http.files[join_url(targets_url, *published_target(targets.targets[name], true))] = {};
    auto& bytes = http.files[join_url(targets_url, *published_target(targets.targets[name], true))];
    const auto view = std::as_bytes(std::span(content));
    bytes.assign(view.begin(), view.end());
}

Targets& TestRepository::delegate(Targets& delegator, const std::string& role,
                                  const std::string& path)
{
    auto& own = keys[role];
    own.push_back(PrivateKey::generate(SignatureScheme::ed25519));
    delegator.delegations.push_back(
        {.role = role,
         .signers = {.key_ids = {list_key(delegator.keys, own.back())}, .threshold = 1},
         .terminating = false,
         .paths = {path},
         .hash_prefixes = {}});
    auto& content = delegated[role];
    content.expires = end_of_2024;
    return content;
}

std::string TestRepository::sign(const std::string& role, Json signed_part)
{
    auto document = *Document::make(std::move(signed_part));
    Keys ids;
    for (const auto& key : keys[role]) {
        check(document.sign(list_key(ids, key), key).has_value(), "the key signs");
    }
    return document.text();
}

void TestRepository::put(const std::string& name, const std::string& text)
{
    const auto bytes = std::as_bytes(std::span(text));
    http.files[join_url(metadata_url, name)].assign(bytes.begin(), bytes.end());
}

std::string TestRepository::file(const std::string& name) const
{
    const auto& bytes = http.files.at(join_url(metadata_url, name));
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

MetaFile TestRepository::announce(Version version, const std::string& text) const
{
    MetaFile file{.version = version};
    if (announces_hashes) {
        file.length = text.size();
        file.hashes = {{"sha256", crypto::sha256(text).hex()}};
    }
    return file;
}

void TestRepository::publish_root()
{
    put(published_name("root", root.version), sign("root", write_root(root)));
}

void TestRepository::publish_role(const std::string& role, const Targets& content)
{
    const auto text = sign(role, write_targets(content));
    put(published_name(role, content.version), text);
    snapshot.meta[role + ".json"] = announce(content.version, text);
}

void TestRepository::publish_targets()
{
    publish_role("targets", targets);
    for (const auto& [role, content] : delegated) {
        publish_role(role, content);
    }
}

void TestRepository::publish_snapshot()
{
    const auto text = sign("snapshot", write_snapshot(snapshot));
    put(published_name("snapshot", snapshot.version), text);
    timestamp.snapshot = announce(snapshot.version, text);
}

void TestRepository::publish_timestamp()
{
    put("timestamp.json", sign("timestamp", write_timestamp(timestamp)));
}

void TestRepository::publish_next()
{
    ++targets.version;
    ++snapshot.version;
    ++timestamp.version;
    publish_targets();
    publish_snapshot();
    publish_timestamp();
}

std::vector<std::string> TestRepository::requested_names() const
{
    std::vector<std::string> names;
    for (const auto& request : http.requests) {
        names.push_back(request.url.substr(request.url.rfind('/') + 1));
    }
    return names;
}

} // namespace holdfast::tuf
