#include "user_data/user_data.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto parsed =
        holdfast::user_data::parse_user_data({reinterpret_cast<const char*>(data), size});
    if (parsed.has_value()) {
        holdfast::check(parsed->settings.is_object(), "user data is an object of settings");
    }
    return 0;
}
