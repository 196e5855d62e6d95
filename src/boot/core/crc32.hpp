#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::boot {

/// CRC-32 as GPT has it (ISO 3309, reflected polynomial 0xedb88320). To go on over a second piece,
/// hand in the result of the first as `before`.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before = 0);

} // namespace holdfast::boot
