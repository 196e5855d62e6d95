#include "settings/key/key.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using holdfast::settings::Key;

    const auto key = Key::parse({reinterpret_cast<const char*>(data), size});
    if (key.has_value()) {
        const auto again = Key::parse(key->str());
        holdfast::check(again.has_value() && *again == *key, "a key's canonical spelling is its name");
        const auto rebuilt = Key::of(key->segments());
        holdfast::check(rebuilt.has_value() && *rebuilt == *key, "a key is its segments");
    }
    return 0;
}
