#pragma once

#include "crypto/digest.hpp"
#include "update/tuf/model.hpp"

#include <span>

namespace holdfast::tuf {

/// Checks bytes that come piece by piece against what the repository signed for a target.
class TargetVerifier {
public:
    /// Errors: `unsupported` for a target without a digest of a kind that we know.
    static Result<TargetVerifier> create(const Target& target);

    void update(std::span<const std::byte> bytes);
    /// Errors: `corrupt` where length or any digest differs.
    Result<void> finish();

private:
    struct Digest {
        crypto::DigestStream stream;
        std::string expected;
    };
    explicit TargetVerifier(const Target& target) : name_(target.name), length_(target.length) {}

    std::string name_;
    std::uint64_t length_;
    std::uint64_t seen_ = 0;
    std::vector<Digest> digests_;
};

} // namespace holdfast::tuf
