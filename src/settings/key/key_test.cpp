#include "settings/key/key.hpp"

#include <gtest/gtest.h>

namespace holdfast::settings {
namespace {


struct Legal {
    std::string text;
    std::string canonical;
    std::vector<std::string> segments;
};

TEST(Key, ReadsLegalNames)
{
    const std::vector<Legal> table = {
        {"settings", "settings", {"settings"}},
        {"settings.motd", "settings.motd", {"settings", "motd"}},
        {R"(a."b.c".d)", R"(a."b.c".d)", {"a", "b.c", "d"}},
        {R"(a."b".d)", "a.b.d", {"a", "b", "d"}},
        {R"(a.x"b.c"y)", R"(a."xb.cy")", {"a", "xb.cy"}},
        {R"(settings."fs/aio-nr"._-9)", "settings.fs/aio-nr._-9", {"settings", "fs/aio-nr", "_-9"}},
        {std::string(255, 'k'), std::string(255, 'k'), {std::string(255, 'k')}},
    };
    for (const auto& [text, canonical, segments] : table) {
        SCOPED_TRACE(text);
        const auto key = Key::parse(text);
        ASSERT_TRUE(key.has_value()) << key.error().message();
        EXPECT_EQ(key->segments(), segments);
        EXPECT_EQ(key->str(), canonical);
        const auto again = Key::parse(key->str());
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(*again, *key);
    }
}

TEST(Key, RefusesIllegalNames)
{
    for (const std::string text :
         {"", ".", "a.", ".a", "a..b", "a.\"\".b", "a.\"b", "a\"", "a b", "a.\"b c\"", "a+b", "ä",
          "a\nb", "a=b", "a.\"b\\c\""}) {
        SCOPED_TRACE(text);
        const auto key = Key::parse(text);
        ASSERT_FALSE(key.has_value());
        EXPECT_EQ(key.error().code(), Errc::invalid);
    }
    EXPECT_FALSE(Key::parse(std::string(256, 'k')).has_value());
}

TEST(Key, CountsTheQuotesThatItAdds)
{
    // 254 bytes of text, 256 in the canonical spelling that the store would keep.
    EXPECT_FALSE(Key::of({std::string(126, 'a') + "." + std::string(127, 'b')}).has_value());
    EXPECT_TRUE(Key::of({std::string(126, 'a') + "." + std::string(126, 'b')}).has_value());
}

TEST(Key, TextOfIllegalSegmentsIsFitForATerminal)
{
    const std::vector<std::string> segments = {"settings", "a\x1b[2J\"\n", ""};
    EXPECT_EQ(key_text(segments), R"(settings."a\x1b[2J\x22\x0a"."")");
    const std::vector<std::string> endless = {std::string(100000, 'a')};
    EXPECT_LT(key_text(endless).size(), 300U);
}

} // namespace
} // namespace holdfast::settings
