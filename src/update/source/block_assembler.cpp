#include "update/source/block_assembler.hpp"

#include <algorithm>

namespace holdfast::update {

std::uint64_t BlockAssembler::wanted() const
{
    const auto start = block_ * block_bytes;
    return start < length_ ? std::min(block_bytes, length_ - start) : 0;
}

Result<void> BlockAssembler::add(std::span<const std::byte> piece)
{
    while (!piece.empty()) {
        if (wanted() == 0) {
            return fail(Errc::too_large, "the server sends more than the {} bytes of the payload",
                        length_);
        }
        const auto count = std::min<std::size_t>(piece.size(), wanted() - filled_);
        std::ranges::copy(piece.first(count), std::span(bytes_).subspan(filled_).begin());
        filled_ += count;
        piece = piece.subspan(count);
        if (filled_ == wanted()) {
            std::ranges::fill(std::span(bytes_).subspan(filled_), std::byte{0});
            TRY(take_(block_, bytes_));
            ++block_;
            filled_ = 0;
        }
    }
    return {};
}

} // namespace holdfast::update
