#include "base/utc_time.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(UtcTime, ReadsWhatRfc3339Allows)
{
    struct Case {
        const char* text;
        const char* utc;
    };
    for (const auto& [text, utc] : {
             Case{"2024-02-29T12:34:56Z", "2024-02-29T12:34:56Z"},
             Case{"2024-02-29t12:34:56.789z", "2024-02-29T12:34:56Z"},
             Case{"2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00Z"},
             Case{"2023-12-31T22:30:00-01:45", "2024-01-01T00:15:00Z"},
             Case{"2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"},
             Case{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
             Case{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
         }) {
        const auto time = parse_utc_time(text);
        ASSERT_TRUE(time.has_value()) << text;
        EXPECT_EQ(utc_text(*time), utc);
    }
}

TEST(UtcTime, RefusesTheRest)
{
    for (const auto* text :
         {"", "2024-01-31", "2024-01-31T12:00:00", "2024-01-31T12:00Z", "2023-02-29T00:00:00Z",
          "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-32T00:00:00Z",
          "2024-01-31T24:00:00Z", "2024-01-31T12:60:00Z", "2024-01-31T12:00:61Z",
          "2024-01-31T12:00:00.Z", "2024-01-31T12:00:00Zx", "2024-01-31T12:00:00+0200",
          "24-01-31T12:00:00Z", "2024-1-31T12:00:00Z", " 2024-01-31T12:00:00Z"}) {
        const auto time = parse_utc_time(text);
        ASSERT_FALSE(time.has_value()) << text;
        EXPECT_EQ(time.error().code(), Errc::invalid);
    }
}

} // namespace
} // namespace holdfast
