#include "settings/types/text.hpp"

#include "base/text.hpp"
#include "settings/types/characters.hpp"

namespace holdfast::settings {

bool has_control_character(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto rest = text.substr(i);
        // In UTF-8, C1 is c2 80 to c2 9f, and U+2028 and U+2029 are e2 80 a8 and e2 80 a9.
        const bool is_c1 =
            byte == 0xc2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) <= 0x9f;
        if (byte < 0x20 || byte == 0x7f || is_c1 || rest.starts_with("\xe2\x80\xa8") ||
            rest.starts_with("\xe2\x80\xa9")) {
            return true;
        }
    }
    return false;
}

bool TextRule::accepts(std::string_view)
{
    return true;
}

bool SingleLineRule::accepts(std::string_view text)
{
    return !has_control_character(text);
}

bool Base64Rule::accepts(std::string_view text)
{
    return from_base64(text).has_value();
}

} // namespace holdfast::settings
