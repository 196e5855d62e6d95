#include "base/log.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Base64, RoundTripsEveryLengthOfPadding)
{
    for (const std::string& bytes :
         std::vector<std::string>{"", "a", "ab", "abc", "abcd", std::string("\0\xff\x10", 3)}) {
        EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
    }
    EXPECT_EQ(to_base64("hi"), "aGk=");
}

TEST(Base64, RefusesWhatIsNotCanonical)
{
    for (const auto* text : {"a", "aGk", "aGl=", "aG=k", "====", "aGk=aGk=", "aG k", "invalid base64"}) {
        EXPECT_FALSE(from_base64(text).has_value()) << text;
    }
}

TEST(PercentEncoded, LeavesWhatNeedsNoEncodingOnly)
{
    EXPECT_EQ(percent_encoded("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encoded("../a b+%"), "..%2Fa%20b%2B%25");
    EXPECT_EQ(percent_encoded(std::string("\0\n\xc3\xbc", 4)), "%00%0A%C3%BC");
}

TEST(Hex, RoundTripsAndRefuses)
{
    EXPECT_EQ(to_hex(*from_hex("00ffA1")), "00ffa1");
    EXPECT_FALSE(from_hex("0").has_value());
    EXPECT_FALSE(from_hex("0g").has_value());
}

TEST(Text, SplitsTrimsAndMeasures)
{
    EXPECT_EQ(split("a,,b", ',').size(), 3U);
    EXPECT_EQ(trimmed(" \ta b\n"), "a b");
    EXPECT_EQ(edit_distance("hostname", "hostnme"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(Log, QuotesValuesSoThatTheyCannotForgeALine)
{
    EXPECT_EQ(log::format_line("started", {{"unit", "a.service"}}), "started unit=a.service");
    EXPECT_EQ(log::format_line("x", {{"v", "a b\n<3>\"evil\""}}), R"(x v="a b\n<3>\"evil\"")");
    EXPECT_EQ(log::format_line("x", {{"v", ""}}), "x v=\"\"");
}

TEST(Error, GathersContextOutsideIn)
{
    const auto inner = []() -> Result<int> { return fail(Errc::io, "no {}", "disk"); };
    const auto outer = [&]() -> Result<int> {
        TRY_ASSIGN(const int value, inner().while_("reading the table"));
        return value;
    };
    ASSERT_FALSE(outer().has_value());
    EXPECT_EQ(outer().error().message(), "reading the table: no disk");
    EXPECT_EQ(outer().error().code(), Errc::io);
}

} // namespace
} // namespace holdfast
