#include "update/repository/roots.hpp"

#include "update/repository/channel_state.hpp"
#include "update/tuf/decode.hpp"
#include "update/tuf/encode.hpp"
#include "update/tuf/keys.hpp"
#include "update/tuf/names.hpp"
#include "update/tuf/trusted_metadata.hpp"

#include <algorithm>
#include <set>

namespace holdfast::publish {

namespace {

tuf::Signers* signers_of(tuf::Root& root, std::string_view role)
{
    return role == "root"        ? &root.root
           : role == "timestamp" ? &root.timestamp
           : role == "snapshot"  ? &root.snapshot
           : role == "targets"   ? &root.targets
                                 : nullptr;
}

Result<void> add_keys(tuf::Root& root, tuf::Signers& signers,
                      const std::vector<crypto::PublicKey>& keys)
{
    for (const auto& key : keys) {
        const auto encoded = tuf::encode_key(key);
        TRY_ASSIGN(const auto id, tuf::key_id(encoded));
        root.keys[id] = encoded;
        if (!std::ranges::contains(signers.key_ids, id)) {
            signers.key_ids.push_back(id);
        }
    }
    return {};
}

Result<void> check_threshold(std::string_view role, const tuf::Signers& signers)
{
    if (signers.threshold < 1 || signers.threshold > signers.key_ids.size()) {
        return fail(Errc::invalid, "the role {} needs {} signatures and has {} keys", role,
                    signers.threshold, signers.key_ids.size());
    }
    return {};
}

} // namespace

Result<std::vector<std::string>> load_roots(io::Files& files, const Layout& layout)
{
    std::vector<std::string> roots;
    std::optional<tuf::TrustedMetadata> trusted;
    for (tuf::Version version = 1;; ++version) {
        const auto name = tuf::published_name("root", version);
        auto text = files.read(layout.roots() / name, tuf::largest_root);
        if (!text.has_value() && text.error().code() == Errc::not_found) {
            break;
        }
        TRY(text);
        if (trusted) {
            TRY(trusted->take_root(*text).while_(name));
        } else {
            TRY_ASSIGN(trusted, tuf::TrustedMetadata::start(*text, {}).while_(name));
        }
        roots.push_back(*std::move(text));
    }
    if (roots.empty()) {
        return fail(Errc::not_found, "{} is no repository yet: it has no root",
                    layout.folder().native());
    }
    return roots;
}

Result<tuf::Root> load_current_root(io::Files& files, const Layout& layout)
{
    TRY_ASSIGN(const auto roots, load_roots(files, layout));
    TRY_ASSIGN(const auto document, tuf::Document::parse(roots.back(), tuf::largest_root));
    return tuf::read_root(document.signed_part());
}

Result<std::optional<tuf::Document>> load_root_draft(io::Files& files, const Layout& layout)
{
    if (!files.exists(layout.root_draft())) {
        return std::optional<tuf::Document>();
    }
    TRY_ASSIGN(const auto text, files.read(layout.root_draft(), tuf::largest_root));
    TRY_ASSIGN(auto document, tuf::Document::parse(text, tuf::largest_root));
    TRY_ASSIGN(const auto root, tuf::read_root(document.signed_part()));
    if (files.exists(layout.roots() / tuf::published_name("root", root.version))) {
        return std::optional<tuf::Document>(); // A power cut came before it was removed.
    }
    return std::optional(std::move(document));
}

Result<tuf::Root> load_next_root(io::Files& files, const Layout& layout)
{
    TRY_ASSIGN(const auto draft, load_root_draft(files, layout));
    if (draft) {
        return tuf::read_root(draft->signed_part());
    }
    TRY_ASSIGN(auto root, load_current_root(files, layout));
    ++root.version;
    return root;
}

Result<tuf::Root> make_root(const RootKeys& keys, tuf::Time expires)
{
    tuf::Root root;
    root.expires = expires;
    root.consistent_snapshot = true;
    const std::pair<const char*, const RoleKeys*> roles[] = {{"root", &keys.root},
                                                             {"timestamp", &keys.timestamp},
                                                             {"snapshot", &keys.snapshot},
                                                             {"targets", &keys.targets}};
    for (const auto& [role, role_keys] : roles) {
        auto& signers = *signers_of(root, role);
        signers.threshold = role_keys->threshold;
        TRY(add_keys(root, signers, role_keys->keys));
        TRY(check_threshold(role, signers));
    }
    return root;
}

Result<std::string> sign_first_root(const tuf::Root& root, const KeyRing& keys)
{
    TRY_ASSIGN(auto document, tuf::Document::make(tuf::write_root(root)));
    TRY(keys.sign(document, root.root, root.keys));
    const auto holds = tuf::verify(document, root.root, root.keys);
    if (!holds.has_value()) {
        return fail(Errc::invalid, "{}", holds.error().message());
    }
    return document.text();
}

Result<tuf::Root> change_root(tuf::Root root, const RoleChange& change)
{
    auto* signers = signers_of(root, change.role);
    if (signers == nullptr) {
        return fail(Errc::invalid, "there is no role \"{}\"", change.role);
    }
    for (const auto& id : change.remove) {
        if (std::erase(signers->key_ids, id) == 0) {
            return fail(Errc::invalid, "the role {} has no key {}", change.role, id);
        }
    }
    TRY(add_keys(root, *signers, change.add));
    signers->threshold = change.threshold.value_or(signers->threshold);
    TRY(check_threshold(change.role, *signers));
    std::set<std::string> used;
    for (const auto* role : {&root.root, &root.timestamp, &root.snapshot, &root.targets}) {
        used.insert(role->key_ids.begin(), role->key_ids.end());
    }
    std::erase_if(root.keys, [&](const auto& entry) { return !used.contains(entry.first); });
    return root;
}

Result<void> save_root_draft(io::Files& files, const Layout& layout, const tuf::Root& root)
{
    TRY_ASSIGN(const auto document, tuf::Document::make(tuf::write_root(root)));
    return store_file(files, layout.root_draft(), document.text());
}

} // namespace holdfast::publish
