#include "update/repository/key_ring.hpp"

#include "update/tuf/keys.hpp"

#include <algorithm>

namespace holdfast::publish {

namespace {

/// Whether the document carries a signature of this key that holds.
bool has_signed(const tuf::Document& document, const std::string& id, const tuf::Keys& keys)
{
    return tuf::verify(document, {.key_ids = {id}, .threshold = 1}, keys).has_value();
}

} // namespace

Result<bool> KeyRing::sign(tuf::Document& document, const tuf::Signers& signers,
                           const tuf::Keys& keys) const
{
    bool is_changed = false;
    for (const auto& id : signers.key_ids) {
        const auto entry = keys.find(id);
        if (entry == keys.end() || has_signed(document, id, keys)) {
            continue;
        }
        const auto wanted = tuf::decode_key(entry->second);
        const auto own = std::ranges::find_if(keys_, [&](const auto& key) {
            return wanted.has_value() && key.public_key().fingerprint() == wanted->fingerprint();
        });
        if (own != keys_.end()) {
            TRY(document.sign(id, *own));
            is_changed = true;
        }
    }
    return is_changed;
}

} // namespace holdfast::publish
