#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::crypto {

/// FIPS 180-4.
enum class DigestAlgorithm { sha256, sha512 };

/// The algorithm called "sha256" or "sha512", if we have it.
std::optional<DigestAlgorithm> digest_algorithm(std::string_view name);

/// Hashes piece by piece, where the algorithm is known at run time only.
class DigestStream {
public:
    explicit DigestStream(DigestAlgorithm algorithm);
    ~DigestStream();
    DigestStream(DigestStream&&) noexcept;
    DigestStream& operator=(DigestStream&&) noexcept;

    void update(std::span<const std::byte> bytes);
    void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
    /// Writes the digest to the start of `digest`, which has room for it, and tells its size; the
    /// stream is then used up.
    std::size_t finish(std::span<std::byte> digest);
    /// Lower-case hexadecimal digits of the same.
    std::string finish_hex();

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string digest_hex(DigestAlgorithm algorithm, std::string_view bytes);

} // namespace holdfast::crypto
