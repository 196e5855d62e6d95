#pragma once

#include "io/random.hpp"

#include <random>

namespace holdfast::io {

/// The same bytes for the same seed.
class FakeRandom final : public Random {
public:
    explicit FakeRandom(std::uint64_t seed = 0) : engine_(seed) {}
    void fill(std::span<std::byte> bytes) override
    {
        for (auto& byte : bytes) {
            byte = static_cast<std::byte>(engine_() & 0xff);
        }
    }

private:
    std::mt19937_64 engine_;
};

} // namespace holdfast::io
