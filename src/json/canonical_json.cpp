#include "json/canonical_json.hpp"

namespace holdfast {

namespace {

void append_string(std::string_view text, std::string& out)
{
    out += '"';
    for (auto special = text.find_first_of("\"\\"); special != text.npos;
         special = text.find_first_of("\"\\")) {
        out += text.substr(0, special);
        out += '\\';
        out += text[special];
        text.remove_prefix(special + 1);
    }
    out += text;
    out += '"';
}

Result<void> append(const Json& value, std::string& out);

Result<void> append_object(const Json& object, std::string& out)
{
    char separator = '{';
    // The parser's map compares keys as bytes, which for UTF-8 is the order of code points.
    for (const auto& [key, member] : object.items()) {
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
    case Json::value_t::boolean:
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: out += value.dump(); return {};
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
