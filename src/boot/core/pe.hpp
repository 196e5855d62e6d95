#pragma once

#include "boot/core/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::boot {

/// The first bytes of a partition that `pe_image_size` needs to see: more than the headers of a
/// UKI with all its sections.
inline constexpr std::size_t pe_head_bytes = 16 * 1024;

/// How many bytes from the start of a partition a PE image occupies: headers, sections and the
/// certificates of its signature. `head` is the beginning of the image. The answer is no proof that
/// the image is sound; the firmware checks that. Errors: `bad_image`, also when the headers do not
/// fit into `head`.
Outcome<std::uint64_t> pe_image_size(std::span<const std::byte> head);

} // namespace holdfast::boot
