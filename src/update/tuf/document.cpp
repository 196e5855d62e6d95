#include "update/tuf/document.hpp"

#include "base/text.hpp"
#include "update/tuf/fields.hpp"
#include "update/tuf/keys.hpp"
#include "json/canonical_json.hpp"

#include <algorithm>
#include <set>

namespace holdfast::tuf {

Result<Document> Document::parse(std::string_view text, std::size_t limit)
{
    TRY_ASSIGN(auto json, parse_json(text, {.bytes = limit}));
    TRY(get_object(json, "signed"));
    TRY_ASSIGN(auto document, make(std::move(json["signed"])));
    TRY_ASSIGN(const auto* signatures, get_array(json, "signatures"));
    std::set<std::string> seen;
    for (const auto& item : *signatures) {
        Signature signature;
        TRY_ASSIGN(signature.key_id, get_string(item, "keyid"));
        TRY_ASSIGN(signature.hex, get_string(item, "sig"));
        if (!seen.insert(signature.key_id).second) {
            return fail(Errc::invalid, "two signatures of the key {}", signature.key_id);
        }
        document.signatures_.push_back(std::move(signature));
    }
    return document;
}

Result<Document> Document::make(Json signed_part)
{
    Document document;
    TRY_ASSIGN(document.signed_text_, to_canonical_text(signed_part));
    document.signed_part_ = std::move(signed_part);
    return document;
}

Result<void> Document::sign(std::string_view key_id, const crypto::PrivateKey& key)
{
    TRY_ASSIGN(const auto bytes, key.sign(signed_text_));
    std::erase_if(signatures_, [&](const auto& other) { return other.key_id == key_id; });
    signatures_.push_back({.key_id = std::string(key_id), .hex = to_hex(bytes)});
    return {};
}

std::string Document::text() const
{
    Json signatures = Json::array();
    for (const auto& signature : signatures_) {
        signatures.push_back({{"keyid", signature.key_id}, {"sig", signature.hex}});
    }
    return to_pretty_text({{"signatures", std::move(signatures)}, {"signed", signed_part_}}) + "\n";
}

namespace {

/// The fingerprint of the key, if it made this signature.
Result<crypto::Sha256> check_signature(const Document& document, const Signature& signature,
                                       const Keys& keys)
{
    const auto found = keys.find(signature.key_id);
    if (found == keys.end()) {
        return fail(Errc::not_found, "the key {} is unknown", signature.key_id);
    }
    TRY_ASSIGN(const auto key, decode_key(found->second));
    TRY_ASSIGN(const auto bytes, from_hex(signature.hex));
    if (!key.verifies(document.signed_text(), bytes)) {
        return fail(Errc::corrupt, "the signature of {} does not hold", signature.key_id);
    }
    return key.fingerprint();
}

} // namespace

Result<void> verify(const Document& document, const Signers& signers, const Keys& keys)
{
    std::set<crypto::Sha256> holding;
    for (const auto& signature : document.signatures()) {
        if (!std::ranges::contains(signers.key_ids, signature.key_id)) {
            continue;
        }
        const auto fingerprint = check_signature(document, signature, keys);
        if (fingerprint.has_value()) {
            holding.insert(*fingerprint);
        }
        if (holding.size() >= signers.threshold) {
            return {};
        }
    }
    return fail(Errc::corrupt, "{} of {} needed signatures hold", holding.size(),
                signers.threshold);
}

} // namespace holdfast::tuf
