#include "boot/core/guid.hpp"

namespace holdfast::boot {

Outcome<Guid> parse_guid(std::string_view text)
{
    Guid guid;
    if (!guid_detail::read(text, guid)) {
        return fail(Fault::bad_text);
    }
    return guid;
}

namespace {

GuidText to_text(const Guid& guid, std::string_view digits)
{
    GuidText text{};
    text.fill('-');
    for (const auto place : guid_detail::places) {
        const auto byte = std::to_integer<unsigned>(guid.bytes[place.byte]);
        text[place.text] = digits[byte >> 4];
        text[place.text + 1U] = digits[byte & 0xf];
    }
    return text;
}

} // namespace

GuidText lower_case(const Guid& guid)
{
    return to_text(guid, "0123456789abcdef");
}

GuidText upper_case(const Guid& guid)
{
    return to_text(guid, "0123456789ABCDEF");
}

Guid load_guid(std::span<const std::byte> bytes, std::size_t offset)
{
    Guid guid;
    for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
        guid.bytes[i] = bytes[offset + i];
    }
    return guid;
}

void store_guid(std::span<std::byte> bytes, std::size_t offset, const Guid& guid)
{
    for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
        bytes[offset + i] = guid.bytes[i];
    }
}

} // namespace holdfast::boot
