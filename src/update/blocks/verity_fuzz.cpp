#include "update/blocks/verity.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::update;
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto superblock = parse_verity_superblock(bytes);
    if (superblock.has_value() &&
        *parse_verity_superblock(encode_verity_superblock(*superblock)) != *superblock) {
        std::abort();
    }
    return 0;
}
