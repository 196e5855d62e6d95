#include "api/server/handlers.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace holdfast::api {

Response json_response(const Json& value)
{
    return {200, "application/json", to_text(value)};
}

Response empty_response()
{
    return {204, "", ""};
}

Result<Json> json_body(const Request& request)
{
    const auto type =
        trimmed(std::string_view(request.content_type).substr(0, request.content_type.find(';')));
    if (type != "application/json") {
        return fail(Errc::invalid, "Content type error: expected application/json");
    }
    return parse_json(request.body);
}

std::string transaction_name(const Request& request)
{
    const auto* name = request.target.find("tx");
    return name == nullptr ? "default" : *name;
}

Result<std::optional<std::vector<store::Key>>> requested_keys(const Request& request)
{
    const auto* text = request.target.find("keys");
    if (text == nullptr) {
        return std::nullopt;
    }
    if (text->empty()) {
        return fail(Errc::invalid, "Input 'keys' cannot be empty");
    }
    std::vector<store::Key> keys;
    for (const auto& name : split(*text, ',')) {
        TRY_ASSIGN(auto key, store::Key::parse(name).while_(
                                 std::format("Unable to make data key '{}'", name)));
        keys.push_back(std::move(key));
    }
    return keys;
}

Result<std::optional<std::string>> requested_prefix(const Request& request)
{
    const auto* prefix = request.target.find("prefix");
    if (prefix == nullptr) {
        return std::nullopt;
    }
    if (prefix->empty()) {
        return fail(Errc::invalid, "Input 'prefix' cannot be empty");
    }
    const auto is_key_character = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-/.\"").contains(c);
    };
    if (!std::ranges::all_of(*prefix, is_key_character)) {
        return fail(Errc::invalid,
                    "Unable to make data key '{}': it holds a character other than "
                    "A-Z a-z 0-9 _ - / .",
                    *prefix);
    }
    return *prefix;
}

std::string within_resource(const std::string& prefix, std::string_view resource)
{
    return prefix.starts_with(resource) ? prefix : std::format("{}.{}", resource, prefix);
}

bool may_read(const Context& context, const Request& request, std::string_view key)
{
    return request.caller.is_own_service() || !context.model.is_secret(key);
}

Json readable_settings(const Context& context, const Request& request, store::Values values)
{
    std::erase_if(values, [&](const auto& entry) {
        return !may_read(context, request, entry.first);
    });
    return context.model.nest(values);
}

} // namespace holdfast::api
