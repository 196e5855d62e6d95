#include "json/json.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(ParseJson, TakesWhatIsWellFormed)
{
    EXPECT_EQ(to_text(*parse_json(R"({"b": [1, -2, 1.5], "a": null})")), R"({"a":null,"b":[1,-2,1.5]})");
}

TEST(ParseJson, RefusesWhatIsNot)
{
    for (const auto* text : {"", "{", "{} x", "[1,]", "\"\xff\"", R"({"a":1,"a":2})",
                             R"([{"a":{"b":1,"b":2}}])"}) {
        const auto parsed = parse_json(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().code(), Errc::invalid);
    }
}

TEST(Utf8, IsWhatJsonKeepsAsItIs)
{
    for (const auto* text : {"", "plain", "\xc3\xa9", "\"\\\n", "\xef\xbf\xbd"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const auto* text : {"\xe9", "caf\xe9", "\xc3", "\xc0\x80", "\xed\xa0\x80"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

TEST(ParseJson, HoldsItsLimits)
{
    EXPECT_EQ(parse_json("[1,2]", {.bytes = 4}).error().code(), Errc::too_large);
    const std::string deep = std::string(100000, '[') + std::string(100000, ']');
    EXPECT_EQ(parse_json(deep).error().code(), Errc::invalid);
    EXPECT_TRUE(parse_json("[[1]]", {.depth = 2}).has_value());
    EXPECT_FALSE(parse_json("[[[1]]]", {.depth = 2}).has_value());
}

} // namespace
} // namespace holdfast
