#pragma once

#include <cstdint>

namespace holdfast::initrd {

/// What the kernel keeps free for itself (vm.min_free_kbytes) on a machine of this size, in KiB both:
/// 4 × √memory, 128 KiB … 256 MiB, as its mm/page_alloc.c computes it at boot. Where programs may ask
/// for huge pages it later takes up to 5 % of the memory instead, so that those are easy to find: on
/// 2 GiB some 100 MB, with all watermarks, that containers then do not have.
std::uint64_t memory_reserve(std::uint64_t memory);

} // namespace holdfast::initrd
