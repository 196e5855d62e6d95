#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace holdfast::io {

/// Unpredictable bytes, fit for keys.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> bytes) = 0;
};

/// `length` characters out of A–Z, a–z, 0–9, evenly.
std::string random_alphanumerics(Random& random, std::size_t length);
/// A number in [0, bound), evenly.
std::uint64_t random_below(Random& random, std::uint64_t bound);

} // namespace holdfast::io
