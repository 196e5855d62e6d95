#pragma once

#include "json/json.hpp"

#include <initializer_list>

namespace holdfast {

/// The members of the object but these; null where there are none.
Json other_members(const Json& object, std::initializer_list<std::string_view> known);
/// `object` with them again.
Json with_members(Json object, const Json& others);

} // namespace holdfast
