#pragma once

#include "settings/types/codec.hpp"

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::settings {

/// A string that proves itself: the only way to one is through `Rule::accepts`.
///
///     struct UrlRule {
///         static constexpr std::string_view name = "URL";              // reference page
///         static constexpr std::string_view expected = "a URL";        // "expected a URL"
///         static constexpr std::string_view pattern = "";              // ECMA 262, may be empty
///         static bool accepts(std::string_view text);
///     };
///
/// The pattern is for editors that use the JSON Schema; it may let more pass than `accepts`.
template <typename Rule>
class CheckedText {
public:
    static Result<CheckedText> parse(std::string_view text)
    {
        if (!Rule::accepts(text)) {
            return fail(Errc::invalid, "expected {}", Rule::expected);
        }
        return CheckedText(std::string(text));
    }

    const std::string& str() const { return text_; }
    auto operator<=>(const CheckedText&) const = default;

private:
    explicit CheckedText(std::string text) : text_(std::move(text)) {}
    std::string text_;
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

/// A value that the program itself gives, as a default. Aborts if it does not pass.
template <typename Text>
Text literal(std::string_view text)
{
    auto parsed = Text::parse(text);
    check(parsed.has_value(), text);
    return *std::move(parsed);
}

} // namespace holdfast::settings
