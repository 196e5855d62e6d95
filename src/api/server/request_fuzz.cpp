#include "api/server/request.hpp"

#include "base/text.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast;
    const auto target = api::parse_target({reinterpret_cast<const char*>(data), size});
    if (!target.has_value()) {
        return 0;
    }
    // What was understood can be said again, and is understood the same.
    std::string text = "/";
    text += percent_encoded(std::string_view(target->path).substr(1));
    char separator = '?';
    for (const auto& [name, value] : target->query) {
        text += separator + percent_encoded(name) + "=" + percent_encoded(value);
        separator = '&';
    }
    const auto again = api::parse_target(text);
    check(again.has_value() && again->path == target->path && again->query == target->query,
          "a target survives encoding and parsing");
    return 0;
}
