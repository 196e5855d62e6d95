#pragma once

#include "base/error.hpp"

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
/// A rule may have `static std::string canonical(std::string_view)` that makes one spelling out of
/// many, and a member `secret` for what belongs in no log. The pattern is for editors that use the
/// JSON Schema; it may let more pass than `accepts`.
template <typename Rule>
class CheckedText {
public:
    static Result<CheckedText> parse(std::string_view text)
    {
        if (!Rule::accepts(text)) {
            return fail(Errc::invalid, "expected {}", Rule::expected);
        }
        if constexpr (requires { Rule::canonical(text); }) {
            return CheckedText(Rule::canonical(text));
        }
        return CheckedText(std::string(text));
    }

    const std::string& str() const { return text_; }
    auto operator<=>(const CheckedText&) const = default;

private:
    explicit CheckedText(std::string text) : text_(std::move(text)) {}
    std::string text_;
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
