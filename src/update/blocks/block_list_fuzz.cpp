#include "update/blocks/block_list.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::update;
    const auto list = parse_block_list(std::as_bytes(std::span(data, size)));
    if (!list.has_value()) {
        return 0;
    }
    // A list that was taken has a key for each block that its numbers promise.
    if (list->boot.count() != blocks_for(list->boot_bytes) ||
        list->root.count() != list->verity.data_blocks) {
        std::abort();
    }
    (void)list->boot.key(list->boot.count() - 1);
    (void)list->root.key(list->root.count() - 1);
    return 0;
}
