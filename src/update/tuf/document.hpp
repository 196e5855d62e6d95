#pragma once

#include "crypto/signing_key.hpp"
#include "update/tuf/model.hpp"

namespace holdfast::tuf {

struct Signature {
    std::string key_id;
    std::string hex; ///< As it came; what is no hexadecimal verifies nothing.
};

/// A metadata file: what is signed, and by whom. Whether the signatures hold is told by `verify`.
class Document {
public:
    /// Errors: `invalid` for anything that is no such file, for numbers that are no integers, and
    /// for two signatures of one key id; `too_large` over `limit`.
    static Result<Document> parse(std::string_view text, std::size_t limit);
    /// One without signatures yet. Errors: `invalid` where a number is no integer.
    static Result<Document> make(Json signed_part);

    const Json& signed_part() const { return signed_part_; }
    /// Canonical JSON of the signed part, members unknown to us included.
    const std::string& signed_text() const { return signed_text_; }
    const std::vector<Signature>& signatures() const { return signatures_; }

    /// Adds a signature, or replaces the one of that key.
    Result<void> sign(std::string_view key_id, const crypto::PrivateKey& key);
    /// As it is published. Other bytes than those that were parsed, with the same meaning.
    std::string text() const;

private:
    Json signed_part_;
    std::string signed_text_;
    std::vector<Signature> signatures_;
};

/// Checks that enough different keys of `signers` signed. Two ids of one key count once; keys and
/// signatures that are unknown or broken count nothing.
///
/// Errors: `corrupt`, saying how many of how many signatures hold.
Result<void> verify(const Document& document, const Signers& signers, const Keys& keys);

} // namespace holdfast::tuf
