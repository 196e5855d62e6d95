#include "json/members.hpp"

#include <algorithm>

namespace holdfast {

Json other_members(const Json& object, std::initializer_list<std::string_view> known)
{
    Json others;
    for (const auto& [name, value] : object.items()) {
        if (!std::ranges::contains(known, name)) {
            others[name] = value;
        }
    }
    return others;
}

Json with_members(Json object, const Json& others)
{
    if (!others.is_null()) {
        object.update(others);
    }
    return object;
}

} // namespace holdfast
