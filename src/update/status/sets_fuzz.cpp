#include "update/status/sets.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::update;
    const auto sets = parse_sets({reinterpret_cast<const char*>(data), size});
    if (sets.has_value() && sets->other && sets->other->letter == sets->active.letter) {
        std::abort();
    }
    return 0;
}
