#include "json/canonical_json.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast;
    const auto value = parse_json({reinterpret_cast<const char*>(data), size});
    if (!value.has_value()) {
        return 0;
    }
    const auto canonical = to_canonical_text(*value);
    if (canonical.has_value()) {
        // The plain writer sorts keys too, so a detour through it changes nothing.
        const auto detour = parse_json(to_text(*value));
        check(detour.has_value() && *to_canonical_text(*detour) == *canonical, "one form");
    }
    return 0;
}
