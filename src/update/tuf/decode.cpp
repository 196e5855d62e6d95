#include "update/tuf/decode.hpp"

#include "base/utc_time.hpp"
#include "update/tuf/fields.hpp"
#include "update/tuf/keys.hpp"
#include "json/members.hpp"

#include <algorithm>
#include <set>

namespace holdfast::tuf {

namespace {

/// Reads into `head`: the type, the specification's version, this version and the expiry; and what
/// is none of these and not in `known` either.
Result<void> read_head(const Json& signed_part, std::string_view type, Head& head,
                       std::initializer_list<std::string_view> known)
{
    TRY_ASSIGN(const auto found_type, get_string(signed_part, "_type"));
    if (found_type != type) {
        return fail(Errc::invalid, "the type is \"{}\", not \"{}\"", found_type, type);
    }
    TRY_ASSIGN(const auto specification, get_string(signed_part, "spec_version"));
    if (!specification.starts_with("1.")) {
        return fail(Errc::unsupported, "\"spec_version\" {} is not 1.x", specification);
    }
    TRY_ASSIGN(head.version, get_number(signed_part, "version", 1));
    TRY_ASSIGN(const auto expires, get_string(signed_part, "expires"));
    TRY_ASSIGN(head.expires, parse_utc_time(expires).while_("\"expires\""));
    head.other = other_members(other_members(signed_part, known),
                               {"_type", "spec_version", "version", "expires"});
    return {};
}

Result<std::vector<std::string>> read_strings(const Json& object, std::string_view name)
{
    TRY_ASSIGN(const auto* list, get_array(object, name));
    std::vector<std::string> strings;
    for (const auto& item : *list) {
        if (!item.is_string()) {
            return fail(Errc::invalid, "\"{}\" has an item that is no string", name);
        }
        strings.push_back(item.get<std::string>());
    }
    return strings;
}

Result<Hashes> read_hashes(const Json& object)
{
    Hashes hashes;
    TRY_ASSIGN(const auto* list, get_object(object, "hashes"));
    for (const auto& [algorithm, digest] : list->items()) {
        if (!digest.is_string()) {
            return fail(Errc::invalid, "the hash \"{}\" is no string", algorithm);
        }
        hashes[algorithm] = digest.get<std::string>();
    }
    if (hashes.empty()) {
        return fail(Errc::invalid, "\"hashes\" is empty");
    }
    return hashes;
}

Result<Keys> read_keys(const Json& object)
{
    Keys keys;
    TRY_ASSIGN(const auto* list, get_object(object, "keys"));
    for (const auto& [id, fields] : list->items()) {
        Key key{.fields = fields};
        TRY_ASSIGN(key.type, get_string(fields, "keytype"));
        TRY_ASSIGN(key.scheme, get_string(fields, "scheme"));
        // What a key of another kind has there is its own: a root that names one has to stay
        // readable for machines that are older than that kind.
        if (is_known_key_type(key.type)) {
            TRY_ASSIGN(const auto* value, get_object(fields, "keyval"));
            TRY_ASSIGN(key.public_text, get_string(*value, "public"));
        }
        keys.emplace(id, std::move(key));
    }
    return keys;
}

Result<Signers> read_signers(const Json& object)
{
    Signers signers;
    TRY_ASSIGN(signers.key_ids, read_strings(object, "keyids"));
    TRY_ASSIGN(signers.threshold, get_number(object, "threshold", 1));
    const std::set<std::string> distinct(signers.key_ids.begin(), signers.key_ids.end());
    if (distinct.size() != signers.key_ids.size()) {
        return fail(Errc::invalid, "\"keyids\" names a key twice");
    }
    signers.other = other_members(object, {"keyids", "threshold"});
    return signers;
}

Result<MetaFile> read_meta_file(const Json& object)
{
    MetaFile file;
    TRY_ASSIGN(file.version, get_number(object, "version", 1));
    if (find_member(object, "length") != nullptr) {
        TRY_ASSIGN(file.length, get_number(object, "length", 0));
    }
    if (find_member(object, "hashes") != nullptr) {
        TRY_ASSIGN(file.hashes, read_hashes(object));
    }
    file.other = other_members(object, {"version", "length", "hashes"});
    return file;
}

Result<Target> read_target(const std::string& name, const Json& object)
{
    Target target{.name = name};
    TRY_ASSIGN(target.length, get_number(object, "length", 0));
    TRY_ASSIGN(target.hashes, read_hashes(object));
    if (const auto* custom = find_member(object, "custom")) {
        target.custom = *custom;
    }
    target.other = other_members(object, {"length", "hashes", "custom"});
    return target;
}

Result<Delegation> read_delegation(const Json& object)
{
    Delegation delegation;
    TRY_ASSIGN(delegation.role, get_string(object, "name"));
    // Such a name would have its file take the place of the role's own.
    if (delegation.role.empty() || delegation.role == "root" || delegation.role == "timestamp" ||
        delegation.role == "snapshot" || delegation.role == "targets") {
        return fail(Errc::invalid, "\"{}\" cannot be delegated to", delegation.role);
    }
    TRY_ASSIGN(delegation.signers, read_signers(object));
    delegation.signers.other = Json(); // They stand in one object.
    delegation.other = other_members(
        object, {"name", "keyids", "threshold", "terminating", "paths", "path_hash_prefixes"});
    TRY_ASSIGN(delegation.terminating, get_bool(object, "terminating"));
    const bool has_prefixes = find_member(object, "path_hash_prefixes") != nullptr;
    if (has_prefixes == (find_member(object, "paths") != nullptr)) {
        return fail(Errc::invalid, "expected either \"paths\" or \"path_hash_prefixes\"");
    }
    auto& parts = has_prefixes ? delegation.hash_prefixes : delegation.paths;
    TRY_ASSIGN(parts, read_strings(object, has_prefixes ? "path_hash_prefixes" : "paths"));
    return delegation;
}

Result<void> read_delegations(const Json& object, Targets& targets)
{
    TRY_ASSIGN(targets.keys, read_keys(object));
    TRY_ASSIGN(const auto* roles, get_array(object, "roles"));
    std::set<std::string> names;
    for (const auto& item : *roles) {
        TRY_ASSIGN(auto delegation, read_delegation(item));
        if (!names.insert(delegation.role).second) {
            return fail(Errc::invalid, "\"{}\" is delegated to twice", delegation.role);
        }
        targets.delegations.push_back(std::move(delegation));
    }
    targets.other_of_delegations = other_members(object, {"keys", "roles"});
    return {};
}

} // namespace

Result<crypto::Sha256> Target::sha256() const
{
    const auto found = hashes.find("sha256");
    if (found == hashes.end()) {
        return fail(Errc::not_found, "the target {} has no SHA-256", name);
    }
    return crypto::Sha256::parse(found->second);
}

Result<Root> read_root(const Json& signed_part)
{
    Root root;
    TRY(read_head(signed_part, "root", root, {"consistent_snapshot", "keys", "roles"}));
    if (find_member(signed_part, "consistent_snapshot") != nullptr) {
        TRY_ASSIGN(root.consistent_snapshot, get_bool(signed_part, "consistent_snapshot"));
    }
    TRY_ASSIGN(root.keys, read_keys(signed_part));
    TRY_ASSIGN(const auto* roles, get_object(signed_part, "roles"));
    const std::pair<const char*, Signers*> parts[] = {{"root", &root.root},
                                                      {"timestamp", &root.timestamp},
                                                      {"snapshot", &root.snapshot},
                                                      {"targets", &root.targets}};
    for (const auto& [name, signers] : parts) {
        TRY_ASSIGN(const auto* role, get_object(*roles, name));
        TRY_ASSIGN(*signers, read_signers(*role).while_(name));
    }
    root.other_roles = other_members(*roles, {"root", "timestamp", "snapshot", "targets"});
    return root;
}

Result<Timestamp> read_timestamp(const Json& signed_part)
{
    Timestamp timestamp;
    TRY(read_head(signed_part, "timestamp", timestamp, {"meta"}));
    TRY_ASSIGN(const auto* meta, get_object(signed_part, "meta"));
    TRY_ASSIGN(const auto* file, get_object(*meta, "snapshot.json"));
    TRY_ASSIGN(timestamp.snapshot, read_meta_file(*file).while_("snapshot.json"));
    return timestamp;
}

Result<Snapshot> read_snapshot(const Json& signed_part)
{
    Snapshot snapshot;
    TRY(read_head(signed_part, "snapshot", snapshot, {"meta"}));
    TRY_ASSIGN(const auto* meta, get_object(signed_part, "meta"));
    for (const auto& [name, object] : meta->items()) {
        TRY_ASSIGN(snapshot.meta[name], read_meta_file(object).while_(name));
    }
    return snapshot;
}

Result<Targets> read_targets(const Json& signed_part)
{
    Targets targets;
    TRY(read_head(signed_part, "targets", targets, {"targets", "delegations"}));
    TRY_ASSIGN(const auto* list, get_object(signed_part, "targets"));
    for (const auto& [name, object] : list->items()) {
        TRY_ASSIGN(auto target, read_target(name, object).while_(name));
        targets.targets.emplace(name, std::move(target));
    }
    if (const auto* delegations = find_member(signed_part, "delegations")) {
        TRY(read_delegations(*delegations, targets).while_("delegations"));
    }
    return targets;
}

} // namespace holdfast::tuf
