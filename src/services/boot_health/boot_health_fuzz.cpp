#include "services/boot_health/judge.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::boot_health;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(parse_rules(text));
    static_cast<void>(judge_units({"a.service"}, parse_units(text)));
    static_cast<void>(active_set_succeeded(text));
    static_cast<void>(is_success_reply(text));
    return 0;
}
