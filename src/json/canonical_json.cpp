#include "json/canonical_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace holdfast {

namespace {

void append_string(std::string_view text, std::string& out)
{
    out += '"';
    // By hand: find_first_of takes several times as long, and metadata is strings for the most part.
    const auto is_special = [](char c) { return c == '"' || c == '\\'; };
    for (auto at = text.begin(); at != text.end();) {
        const auto special = std::find_if(at, text.end(), is_special);
        out.append(at, special);
        if (special == text.end()) {
            break;
        }
        out += {'\\', *special};
        at = special + 1;
    }
    out += '"';
}

template <typename Number>
void append_number(Number number, std::string& out)
{
    std::array<char, 20> digits{}; // Of the smallest and the largest of 64 bits.
    const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    out.append(digits.begin(), end);
}

Result<void> append(const Json& value, std::string& out);

Result<void> append_object(const Json& object, std::string& out)
{
    char separator = '{';
    // The parser's map compares keys as bytes, which for UTF-8 is the order of code points.
    for (const auto& [key, member] : object.get_ref<const Json::object_t&>()) {
        out += separator;
        append_string(key, out);
        out += ':';
        TRY(append(member, out));
        separator = ',';
    }
    out += object.empty() ? "{}" : "}";
    return {};
}

Result<void> append_array(const Json& array, std::string& out)
{
    char separator = '[';
    for (const auto& item : array) {
        out += separator;
        TRY(append(item, out));
        separator = ',';
    }
    out += array.empty() ? "[]" : "]";
    return {};
}

Result<void> append(const Json& value, std::string& out)
{
    switch (value.type()) {
    case Json::value_t::object: return append_object(value, out);
    case Json::value_t::array: return append_array(value, out);
    case Json::value_t::string: append_string(value.get_ref<const std::string&>(), out); return {};
    case Json::value_t::null:
    case Json::value_t::boolean: out += value.dump(); return {};
    case Json::value_t::number_integer: append_number(value.get<std::int64_t>(), out); return {};
    case Json::value_t::number_unsigned: append_number(value.get<std::uint64_t>(), out); return {};
    case Json::value_t::number_float:
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
    }
    return fail(Errc::invalid, "canonical JSON has integers only");
}

} // namespace

Result<std::string> to_canonical_text(const Json& value)
{
    std::string text;
    TRY(append(value, text));
    return text;
}

} // namespace holdfast
