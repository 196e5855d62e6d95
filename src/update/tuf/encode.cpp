#include "update/tuf/encode.hpp"

#include "base/utc_time.hpp"
#include "json/members.hpp"

namespace holdfast::tuf {

namespace {

Json write_head(const Head& head, std::string_view type)
{
    return with_members({{"_type", type},
                         {"spec_version", "1.0.0"},
                         {"version", head.version},
                         {"expires", utc_text(head.expires)}},
                        head.other);
}

Json write_keys(const Keys& keys)
{
    Json object = Json::object();
    for (const auto& [id, key] : keys) {
        object[id] = key.fields;
    }
    return object;
}

Json write_signers(const Signers& signers)
{
    return with_members({{"keyids", signers.key_ids}, {"threshold", signers.threshold}},
                        signers.other);
}

Json write_hashes(const Hashes& hashes)
{
    Json object = Json::object();
    for (const auto& [algorithm, digest] : hashes) {
        object[algorithm] = digest;
    }
    return object;
}

Json write_meta_file(const MetaFile& file)
{
    Json object{{"version", file.version}};
    if (file.length) {
        object["length"] = *file.length;
    }
    if (!file.hashes.empty()) {
        object["hashes"] = write_hashes(file.hashes);
    }
    return with_members(std::move(object), file.other);
}

Json write_delegation(const Delegation& delegation)
{
    auto object = write_signers(delegation.signers);
    object["name"] = delegation.role;
    object["terminating"] = delegation.terminating;
    if (delegation.hash_prefixes.empty()) {
        object["paths"] = delegation.paths;
    } else {
        object["path_hash_prefixes"] = delegation.hash_prefixes;
    }
    return with_members(std::move(object), delegation.other);
}

} // namespace

Json write_root(const Root& root)
{
    auto object = write_head(root, "root");
    object["consistent_snapshot"] = root.consistent_snapshot;
    object["keys"] = write_keys(root.keys);
    object["roles"] = with_members({{"root", write_signers(root.root)},
                                    {"timestamp", write_signers(root.timestamp)},
                                    {"snapshot", write_signers(root.snapshot)},
                                    {"targets", write_signers(root.targets)}},
                                   root.other_roles);
    return object;
}

Json write_timestamp(const Timestamp& timestamp)
{
    auto object = write_head(timestamp, "timestamp");
    object["meta"] = {{"snapshot.json", write_meta_file(timestamp.snapshot)}};
    return object;
}

Json write_snapshot(const Snapshot& snapshot)
{
    auto object = write_head(snapshot, "snapshot");
    object["meta"] = Json::object();
    for (const auto& [name, file] : snapshot.meta) {
        object["meta"][name] = write_meta_file(file);
    }
    return object;
}

Json write_targets(const Targets& targets)
{
    auto object = write_head(targets, "targets");
    object["targets"] = Json::object();
    for (const auto& [name, target] : targets.targets) {
        Json entry{{"length", target.length}, {"hashes", write_hashes(target.hashes)}};
        if (!target.custom.is_null()) {
            entry["custom"] = target.custom;
        }
        object["targets"][name] = with_members(std::move(entry), target.other);
    }
    if (!targets.delegations.empty() || !targets.other_of_delegations.is_null()) {
        Json roles = Json::array();
        for (const auto& delegation : targets.delegations) {
            roles.push_back(write_delegation(delegation));
        }
        object["delegations"] =
            with_members({{"keys", write_keys(targets.keys)}, {"roles", std::move(roles)}},
                         targets.other_of_delegations);
    }
    return object;
}

} // namespace holdfast::tuf
