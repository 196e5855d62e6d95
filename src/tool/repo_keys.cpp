#include "tool/repo_keys.hpp"

#include "tool/verbs.hpp"

namespace holdfast::tool {

namespace {

constexpr std::string_view token_scheme = "pkcs11:";

Result<crypto::PrivateKey> load_private_key(io::System& system, const std::string& typed)
{
    if (typed.starts_with(token_scheme)) {
        return crypto::PrivateKey::from_token(typed);
    }
    TRY_ASSIGN(const auto pem, system.files.read(user_path(system, typed)));
    return crypto::PrivateKey::from_pem(pem).while_(typed);
}

crypto::SignatureScheme scheme_of(const std::string& key_type)
{
    return key_type == "rsa"     ? crypto::SignatureScheme::rsa_pss_sha256
           : key_type == "ecdsa" ? crypto::SignatureScheme::ecdsa_p256_sha256
                                 : crypto::SignatureScheme::ed25519;
}

Result<publish::RoleKeys> make_role_keys(io::System& system, const RepoOptions& options,
                                         const RoleOptions& role, const std::string& name)
{
    publish::RoleKeys made{.keys = {}, .threshold = role.threshold};
    for (const auto& typed : role.keys) {
        TRY_ASSIGN(auto key, load_public_key(system, typed));
        made.keys.push_back(std::move(key));
    }
    if (made.keys.empty()) {
        TRY_ASSIGN(auto key, keys_folder(system, options)
                                 .find_or_make(name, scheme_of(options.key_type)));
        made.keys.push_back(std::move(key));
    }
    return made;
}

} // namespace

Result<crypto::PublicKey> load_public_key(io::System& system, const std::string& typed)
{
    if (!typed.starts_with(token_scheme)) {
        TRY_ASSIGN(const auto pem, system.files.read(user_path(system, typed)));
        if (pem.contains("BEGIN PUBLIC KEY")) {
            return crypto::PublicKey::from_pem(pem).while_(typed);
        }
    }
    TRY_ASSIGN(const auto key, load_private_key(system, typed));
    return key.public_key();
}

Result<publish::KeyRing> load_keys(io::System& system, const RepoOptions& options)
{
    publish::KeyRing ring;
    TRY(keys_folder(system, options).load_into(ring));
    for (const auto& typed : options.keys) {
        TRY_ASSIGN(auto key, load_private_key(system, typed));
        ring.add(std::move(key));
    }
    return ring;
}

Result<publish::RootKeys> make_root_keys(io::System& system, const RepoOptions& options)
{
    publish::RootKeys keys;
    TRY_ASSIGN(keys.root, make_role_keys(system, options, options.root, "root"));
    TRY_ASSIGN(keys.targets, make_role_keys(system, options, options.targets, "targets"));
    TRY_ASSIGN(keys.snapshot, make_role_keys(system, options, options.snapshot, "snapshot"));
    TRY_ASSIGN(keys.timestamp, make_role_keys(system, options, options.timestamp, "timestamp"));
    return keys;
}

publish::KeysFolder keys_folder(io::System& system, const RepoOptions& options)
{
    return {system.files, options.keys_folder.empty()
                              ? std::filesystem::path(checkout) / "keys/repository"
                              : user_path(system, options.keys_folder)};
}

} // namespace holdfast::tool
