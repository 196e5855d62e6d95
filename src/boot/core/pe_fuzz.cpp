#include "boot/core/pe.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    (void)holdfast::boot::pe_image_size(std::as_bytes(std::span(data, size)));
    return 0;
}
