#include "json/canonical_json.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(CanonicalJson, HasOneFormForEachValue)
{
    const std::pair<const char*, const char*> cases[] = {
        {"{}", "{}"},
        {"[ ]", "[]"},
        {R"({ "b" : [1, -2, true], "a" : null })", R"({"a":null,"b":[1,-2,true]})"},
        {R"({"é":1,"z":2,"Z":3})", R"({"Z":3,"z":2,"é":1})"},
        {R"("a\"b\\c")", R"("a\"b\\c")"},
        {R"("\u00e9\u0041\/")", "\"éA/\""},
        {R"("line\nfeed\ttab")", "\"line\nfeed\ttab\""},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"},
    };
    for (const auto& [text, canonical] : cases) {
        const auto parsed = parse_json(text);
        ASSERT_TRUE(parsed.has_value()) << text;
        const auto written = to_canonical_text(*parsed);
        ASSERT_TRUE(written.has_value()) << text;
        EXPECT_EQ(*written, canonical);
    }
}

TEST(CanonicalJson, RefusesNumbersThatAreNoIntegers)
{
    for (const auto* text : {"1.5", "[1e3]", R"({"a":18446744073709551616})", "1.0"}) {
        const auto parsed = parse_json(text);
        ASSERT_TRUE(parsed.has_value()) << text;
        EXPECT_FALSE(to_canonical_text(*parsed).has_value()) << text;
    }
}

} // namespace
} // namespace holdfast
