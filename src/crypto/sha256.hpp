#pragma once

#include "base/error.hpp"
#include "crypto/digest.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::crypto {

/// A SHA-256 digest (FIPS 180-4).
class Sha256 {
public:
    using Bytes = std::array<std::byte, 32>;

    Sha256() = default;
    explicit Sha256(const Bytes& bytes) : bytes_(bytes) {}
    /// 64 hexadecimal digits. Errors: `invalid`.
    static Result<Sha256> parse(std::string_view hex);

    const Bytes& bytes() const { return bytes_; }
    std::string hex() const;
    auto operator<=>(const Sha256&) const = default;

private:
    Bytes bytes_{};
};

/// Hashes piece by piece.
class Sha256Stream {
public:
    void update(std::span<const std::byte> bytes) { stream_.update(bytes); }
    void update(std::string_view text) { stream_.update(text); }
    /// The digest of all that came; the stream is then used up.
    Sha256 finish();

private:
    DigestStream stream_{DigestAlgorithm::sha256};
};

/// Hashes many pieces that each follow the same salt. Cheaper than a stream for every piece, which
/// has to be set up each time; dm-verity's hash of a block is made so.
class SaltedSha256 {
public:
    explicit SaltedSha256(std::span<const std::byte> salt);
    ~SaltedSha256();
    SaltedSha256(SaltedSha256&&) noexcept;
    SaltedSha256& operator=(SaltedSha256&&) noexcept;

    /// The digest of the salt and these bytes after it.
    Sha256 digest(std::span<const std::byte> bytes);

private:
    struct State;
    std::unique_ptr<State> state_;
};

Sha256 sha256(std::string_view bytes);
/// Reads the file in pieces. Errors: those of opening and reading.
Result<Sha256> sha256_of_file(const std::filesystem::path& path);

} // namespace holdfast::crypto
