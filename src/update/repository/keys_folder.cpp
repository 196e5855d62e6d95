#include "update/repository/keys_folder.hpp"

#include "update/repository/channel_state.hpp"
#include "update/tuf/names.hpp"
#include "update/tuf/trusted_metadata.hpp"

namespace holdfast::publish {

namespace {

std::filesystem::path first_root_of(const Layout& layout)
{
    return layout.roots() / tuf::published_name("root", 1);
}

} // namespace

Result<void> KeysFolder::load_into(KeyRing& ring) const
{
    if (!files_.exists(folder_)) {
        return {};
    }
    TRY_ASSIGN(const auto names, files_.list(folder_));
    for (const auto& name : names) {
        if (name.ends_with(".pem")) {
            TRY_ASSIGN(const auto pem, files_.read(folder_ / name));
            TRY_ASSIGN(auto key, crypto::PrivateKey::from_pem(pem).while_(name));
            ring.add(std::move(key));
        }
    }
    return {};
}

Result<crypto::PublicKey> KeysFolder::find_or_make(const std::string& role,
                                                   crypto::SignatureScheme scheme)
{
    const auto file = folder_ / (role + ".pem");
    if (!files_.exists(file)) {
        TRY(io::make_directories(files_, folder_, 0700));
        TRY_ASSIGN(const auto pem, crypto::PrivateKey::generate(scheme).pem());
        TRY(io::replace_file(files_, file, pem, 0600));
    }
    TRY_ASSIGN(const auto pem, files_.read(file));
    TRY_ASSIGN(const auto key, crypto::PrivateKey::from_pem(pem).while_(file.native()));
    return key.public_key();
}

Result<KeysFolder::Kept> KeysFolder::keep_first_root(const Layout& layout)
{
    if (!files_.exists(first_root_of(layout))) {
        if (!files_.exists(first_root())) {
            TRY(store_file(files_, note_of_waiting_root(),
                           "The first root waits for signatures (repo sign). Images that are built "
                           "meanwhile carry none.\n"));
        }
        return Kept::not_yet;
    }
    TRY_ASSIGN(const auto first, files_.read(first_root_of(layout), tuf::largest_root));
    if (!files_.exists(first_root())) {
        TRY(store_file(files_, first_root(), first));
    }
    TRY(files_.remove(note_of_waiting_root()));
    TRY_ASSIGN(const auto kept, files_.read(first_root(), tuf::largest_root));
    return kept == first ? Kept::yes : Kept::another;
}

Result<KeysFolder::UpdateRoot> KeysFolder::prepare_update_root(const Layout& layout,
                                                               tuf::Time expires)
{
    if (files_.exists(first_root())) {
        return UpdateRoot::present;
    }
    if (files_.exists(first_root_of(layout))) {
        TRY(keep_first_root(layout));
        return UpdateRoot::present;
    }
    if (files_.exists(note_of_waiting_root())) {
        return UpdateRoot::waits;
    }
    RootKeys keys;
    const std::pair<const char*, RoleKeys*> roles[] = {{"root", &keys.root},
                                                       {"targets", &keys.targets},
                                                       {"snapshot", &keys.snapshot},
                                                       {"timestamp", &keys.timestamp}};
    for (const auto& [role, role_keys] : roles) {
        TRY_ASSIGN(auto key, find_or_make(role, crypto::SignatureScheme::ed25519));
        role_keys->keys.push_back(std::move(key));
    }
    KeyRing ring;
    TRY(load_into(ring));
    TRY_ASSIGN(const auto root, make_root(keys, expires));
    TRY_ASSIGN(const auto text, sign_first_root(root, ring));
    TRY(store_file(files_, first_root(), text));
    return UpdateRoot::present;
}

Result<Beginning> find_beginning(io::Files& files, const Layout& layout, const KeysFolder& keys)
{
    const bool is_kept = files.exists(keys.first_root());
    if (files.exists(first_root_of(layout))) {
        TRY_ASSIGN(const auto first, files.read(first_root_of(layout), tuf::largest_root));
        if (is_kept) {
            TRY_ASSIGN(const auto kept, files.read(keys.first_root(), tuf::largest_root));
            if (kept != first) {
                return fail(
                    Errc::conflict,
                    "{} is a repository already, and not the one whose root images carry ({})",
                    layout.folder().native(), keys.first_root().native());
            }
        }
        return Beginning::made_already;
    }
    if (files.exists(layout.root_draft())) {
        return Beginning::made_already;
    }
    return is_kept ? Beginning::from_kept_root : Beginning::with_new_root;
}

Result<void> begin_with_kept_root(io::Files& files, const Layout& layout, const KeysFolder& keys)
{
    TRY_ASSIGN(const auto text, files.read(keys.first_root(), tuf::largest_root));
    TRY(tuf::TrustedMetadata::start(text, {}).while_(keys.first_root().native()));
    return store_file(files, first_root_of(layout), text);
}

} // namespace holdfast::publish
