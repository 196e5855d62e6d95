#include "update/blocks/block_list.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::update;
    const auto head = parse_block_list_head(std::as_bytes(std::span(data, size)), size);
    // A list that was taken has a key for each block that its numbers promise.
    if (head.has_value() &&
        size != BlockListHead::encoded_bytes +
                    (blocks_for(head->boot_bytes) + head->verity.data_blocks) * key_bytes) {
        std::abort();
    }
    return 0;
}
