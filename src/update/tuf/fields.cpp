#include "update/tuf/fields.hpp"

namespace holdfast::tuf {

const Json* find_member(const Json& object, std::string_view name)
{
    if (!object.is_object()) {
        return nullptr;
    }
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

Result<const Json*> get_member(const Json& object, std::string_view name)
{
    const auto* member = find_member(object, name);
    if (member == nullptr) {
        return fail(Errc::invalid, "\"{}\" is missing", name);
    }
    return member;
}

Result<std::string> get_string(const Json& object, std::string_view name)
{
    TRY_ASSIGN(const auto* member, get_member(object, name));
    if (!member->is_string()) {
        return fail(Errc::invalid, "\"{}\" is no string", name);
    }
    return member->get<std::string>();
}

Result<bool> get_bool(const Json& object, std::string_view name)
{
    TRY_ASSIGN(const auto* member, get_member(object, name));
    if (!member->is_boolean()) {
        return fail(Errc::invalid, "\"{}\" is neither true nor false", name);
    }
    return member->get<bool>();
}

Result<std::uint64_t> get_number(const Json& object, std::string_view name, std::uint64_t lowest)
{
    TRY_ASSIGN(const auto* member, get_member(object, name));
    const bool is_whole = member->is_number_unsigned() ||
                          (member->is_number_integer() && member->get<std::int64_t>() >= 0);
    if (!is_whole || member->get<std::uint64_t>() < lowest) {
        return fail(Errc::invalid, "\"{}\" is no whole number from {} on", name, lowest);
    }
    return member->get<std::uint64_t>();
}

Result<const Json*> get_object(const Json& object, std::string_view name)
{
    TRY_ASSIGN(const auto* member, get_member(object, name));
    if (!member->is_object()) {
        return fail(Errc::invalid, "\"{}\" is no object", name);
    }
    return member;
}

Result<const Json*> get_array(const Json& object, std::string_view name)
{
    TRY_ASSIGN(const auto* member, get_member(object, name));
    if (!member->is_array()) {
        return fail(Errc::invalid, "\"{}\" is no list", name);
    }
    return member;
}

} // namespace holdfast::tuf
