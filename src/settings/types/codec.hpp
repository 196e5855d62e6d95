#pragma once

#include "settings/types/checked_text.hpp"
#include "json/json.hpp"

#include <cstdint>
#include <format>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::settings {

/// What a setting's type brings to the declaration of a setting:
///
///     static Result<T> read(const Json&);      // the error says "expected …", never the value
///     static Json write(const T&);             // the canonical form: what is stored and shown
///     static Json schema();                    // JSON Schema 2020-12
///     static std::string type_name();          // for the reference page: "list of URLs"
///     static constexpr bool secret;            // its values belong in no log
///
/// Messages don't repeat the value, so that a secret in the wrong place does not reach a log.
template <typename T>
struct Codec;

template <>
struct Codec<bool> {
    static constexpr bool secret = false;
    static Result<bool> read(const Json& json)
    {
        if (!json.is_boolean()) {
            return fail(Errc::invalid, "expected true or false");
        }
        return json.get<bool>();
    }
    static Json write(bool value) { return value; }
    static Json schema() { return {{"type", "boolean"}}; }
    static std::string type_name() { return "true or false"; }
};

/// An integer from `lowest` to `highest`; a float is none, even 1.0.
template <std::int64_t lowest, std::int64_t highest>
struct Integer {
    std::int64_t value = lowest;
    bool operator==(const Integer&) const = default;
};

using Port = Integer<1, 65535>;

template <std::int64_t lowest, std::int64_t highest>
struct Codec<Integer<lowest, highest>> {
    static constexpr bool secret = false;
    static Result<Integer<lowest, highest>> read(const Json& json)
    {
        // An unsigned number above the signed range would wrap in get<int64_t>.
        const bool fits = json.is_number_unsigned()
                              ? json.get<std::uint64_t>() <=
                                    std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                              : json.is_number_integer();
        if (!fits || json.get<std::int64_t>() < lowest || json.get<std::int64_t>() > highest) {
            return fail(Errc::invalid, "expected an integer from {} to {}", lowest, highest);
        }
        return Integer<lowest, highest>{json.get<std::int64_t>()};
    }
    static Json write(Integer<lowest, highest> number) { return number.value; }
    static Json schema()
    {
        return {{"type", "integer"}, {"minimum", lowest}, {"maximum", highest}};
    }
    static std::string type_name() { return std::format("integer, {} to {}", lowest, highest); }
};

template <typename Rule>
concept SecretRule = requires { Rule::secret; };

template <typename Rule>
struct Codec<CheckedText<Rule>> {
    static constexpr bool secret = SecretRule<Rule>;
    static Result<CheckedText<Rule>> read(const Json& json)
    {
        if (!json.is_string()) {
            return fail(Errc::invalid, "expected {}", Rule::expected);
        }
        return CheckedText<Rule>::parse(json.get_ref<const std::string&>());
    }
    static Json write(const CheckedText<Rule>& text) { return text.str(); }
    static Json schema()
    {
        Json schema = {{"type", "string"}};
        if (!Rule::pattern.empty()) {
            schema["pattern"] = Rule::pattern;
        }
        return schema;
    }
    static std::string type_name() { return std::string(Rule::name); }
};

template <typename T>
struct Codec<std::vector<T>> {
    static constexpr bool secret = Codec<T>::secret;
    static Result<std::vector<T>> read(const Json& json)
    {
        if (!json.is_array()) {
            return fail(Errc::invalid, "expected a list");
        }
        std::vector<T> list;
        for (const auto& item : json) {
            TRY_ASSIGN(auto value,
                       Codec<T>::read(item).while_(std::format("item {}", list.size() + 1)));
            list.push_back(std::move(value));
        }
        return list;
    }
    static Json write(const std::vector<T>& list)
    {
        Json json = Json::array();
        for (const auto& item : list) {
            json.push_back(Codec<T>::write(item));
        }
        return json;
    }
    static Json schema() { return {{"type", "array"}, {"items", Codec<T>::schema()}}; }
    static std::string type_name() { return "list of " + Codec<T>::type_name(); }
};

} // namespace holdfast::settings
