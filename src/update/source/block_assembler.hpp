#pragma once

#include "update/blocks/block_map.hpp"

#include <array>
#include <functional>

namespace holdfast::update {

/// Makes blocks out of a stream that comes in pieces of any size. The last block of the payload is
/// filled up with zeros.
class BlockAssembler {
public:
    /// Its failure is that of `add`.
    using Take = std::function<Result<void>(std::uint32_t block, std::span<const std::byte> bytes)>;

    /// For a stream that begins with block `first` of a payload of `length` bytes.
    BlockAssembler(std::uint32_t first, std::uint64_t length, Take take)
        : block_(first), length_(length), take_(std::move(take))
    {
    }

    Result<void> add(std::span<const std::byte> piece);

private:
    /// Bytes that the present block takes from the stream; 0 behind the payload.
    std::uint64_t wanted() const;

    std::uint32_t block_;
    std::uint64_t length_;
    Take take_;
    std::array<std::byte, block_bytes> bytes_{};
    std::size_t filled_ = 0;
};

} // namespace holdfast::update
