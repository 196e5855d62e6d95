#include "boot/initrd/efi_variable.hpp"

namespace holdfast::initrd {

std::optional<FixedText<64>> decode_text_variable(std::span<const std::byte> content)
{
    constexpr std::size_t attributes = 4;
    if (content.size() < attributes || content.size() % 2 != 0) {
        return std::nullopt;
    }
    FixedText<64> text;
    for (std::size_t i = attributes; i < content.size(); i += 2) {
        const auto unit = std::to_integer<unsigned>(content[i]) |
                          std::to_integer<unsigned>(content[i + 1]) << 8U;
        if (unit == 0) {
            break;
        }
        if (unit < 0x20 || unit > 0x7e) {
            return std::nullopt;
        }
        const char character = static_cast<char>(unit);
        text.append({&character, 1});
    }
    if (text.empty() || text.overflowed()) {
        return std::nullopt;
    }
    return text;
}

std::optional<char> set_of_entry(std::string_view entry)
{
    if (entry == "holdfast-a.efi") {
        return 'a';
    }
    if (entry == "holdfast-b.efi") {
        return 'b';
    }
    return std::nullopt;
}

} // namespace holdfast::initrd
