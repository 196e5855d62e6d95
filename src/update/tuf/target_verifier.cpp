#include "update/tuf/target_verifier.hpp"

namespace holdfast::tuf {

Result<TargetVerifier> TargetVerifier::create(const Target& target)
{
    TargetVerifier verifier(target);
    for (const auto& [name, expected] : target.hashes) {
        if (const auto algorithm = crypto::digest_algorithm(name)) {
            verifier.digests_.push_back({crypto::DigestStream(*algorithm), expected});
        }
    }
    if (verifier.digests_.empty()) {
        return fail(Errc::unsupported, "the target {} has no hash that we know", target.name);
    }
    return verifier;
}

void TargetVerifier::update(std::span<const std::byte> bytes)
{
    seen_ += bytes.size();
    for (auto& digest : digests_) {
        digest.stream.update(bytes);
    }
}

Result<void> TargetVerifier::finish()
{
    if (seen_ != length_) {
        return fail(Errc::corrupt, "the target {} has {} bytes instead of {}", name_, seen_,
                    length_);
    }
    for (auto& digest : digests_) {
        if (digest.stream.finish_hex() != digest.expected) {
            return fail(Errc::corrupt, "the target {} is not what the repository signed", name_);
        }
    }
    return {};
}

} // namespace holdfast::tuf
