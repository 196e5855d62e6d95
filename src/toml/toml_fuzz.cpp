#include "toml/toml.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto value = holdfast::parse_toml({reinterpret_cast<const char*>(data), size});
    if (value.has_value()) {
        // What we write we can read, and it means the same.
        const auto again = holdfast::parse_toml(holdfast::to_toml(*value));
        holdfast::check(again.has_value() && *again == *value, "TOML round trip");
    }
    return 0;
}
