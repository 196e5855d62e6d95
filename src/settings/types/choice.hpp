#pragma once

#include "settings/types/codec.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>

namespace holdfast::settings {

/// For a setting that takes one of a few words. An enum becomes one by a list of its words, in the
/// order of the enumerators, found by argument-dependent lookup:
///
///     enum class Lockdown { none, integrity, confidentiality };
///     constexpr std::array<std::string_view, 3> words(Lockdown)
///     { return {"none", "integrity", "confidentiality"}; }
template <typename E>
concept Choice = std::is_enum_v<E> && requires(E e) { words(e).size(); };

template <Choice E>
std::string_view word(E choice)
{
    return words(choice)[static_cast<std::size_t>(choice)];
}

template <Choice E>
struct Codec<E> {
    static constexpr bool secret = false;
    static Result<E> read(const Json& json)
    {
        constexpr auto all = words(E{});
        if (json.is_string()) {
            const auto found = std::ranges::find(all, json.get_ref<const std::string&>());
            if (found != all.end()) {
                return static_cast<E>(found - all.begin());
            }
        }
        return fail(Errc::invalid, "expected one of {}", listed());
    }
    static Json write(E choice) { return word(choice); }
    static Json schema() { return {{"enum", words(E{})}}; }
    static std::string type_name() { return "one of " + listed(); }

private:
    static std::string listed()
    {
        std::string text;
        for (const auto choice : words(E{})) {
            text += text.empty() ? "" : ", ";
            text += choice;
        }
        return text;
    }
};

} // namespace holdfast::settings
