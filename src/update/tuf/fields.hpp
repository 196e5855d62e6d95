#pragma once

#include "json/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Members of JSON objects by type. Every error is `invalid` and names the member.
namespace holdfast::tuf {

/// Null where `object` is no object or has no such member.
const Json* find_member(const Json& object, std::string_view name);
Result<const Json*> get_member(const Json& object, std::string_view name);
Result<std::string> get_string(const Json& object, std::string_view name);
Result<bool> get_bool(const Json& object, std::string_view name);
/// A whole number from `lowest` on.
Result<std::uint64_t> get_number(const Json& object, std::string_view name, std::uint64_t lowest);
Result<const Json*> get_object(const Json& object, std::string_view name);
Result<const Json*> get_array(const Json& object, std::string_view name);

} // namespace holdfast::tuf
