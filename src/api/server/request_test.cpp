#include "api/server/request.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>

namespace holdfast::api {

TEST(Target, SplitsPathAndQueryAndDecodesBoth)
{
    const auto target = parse_target("/a%2Fb?keys=x%2Cy&prefix=a+b%20c&flag&last=1&last=2&=e");
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->path, "/a/b");
    EXPECT_EQ(*target->find("keys"), "x,y");
    EXPECT_EQ(*target->find("prefix"), "a b c");
    EXPECT_EQ(*target->find("flag"), "");
    EXPECT_EQ(*target->find("last"), "2");
    EXPECT_EQ(target->find("other"), nullptr);
}

TEST(Target, DecodesAnEncodingAtTheVeryEnd)
{
    EXPECT_EQ(*parse_target("/?tx=%41")->find("tx"), "A");
}

class BadTarget : public testing::TestWithParam<std::string> {};

TEST_P(BadTarget, IsRefused)
{
    EXPECT_FALSE(parse_target(GetParam()).has_value());
}

INSTANTIATE_TEST_SUITE_P(Targets, BadTarget,
                         testing::Values("", "settings", "/%", "/%4", "/%zz", "/?a=%4g",
                                         "http://host/x", "*"));

TEST(ParseTarget, GivesEveryEncodedByteBack)
{
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    EXPECT_EQ(*parse_target("/?v=" + percent_encoded(all))->find("v"), all);
}

} // namespace holdfast::api
