#pragma once

#include "crypto/signing_key.hpp"
#include "update/tuf/document.hpp"

#include <vector>

namespace holdfast::publish {

/// The private keys that one person has at hand.
class KeyRing {
public:
    void add(crypto::PrivateKey key) { keys_.push_back(std::move(key)); }
    bool is_empty() const { return keys_.empty(); }

    /// Signs with every key that `signers` names and that is here, except where its signature
    /// holds already. Whether anything was signed. Errors: those of signing.
    Result<bool> sign(tuf::Document& document, const tuf::Signers& signers,
                      const tuf::Keys& keys) const;

private:
    std::vector<crypto::PrivateKey> keys_;
};

} // namespace holdfast::publish
