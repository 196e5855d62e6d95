#include "store/migration/notes.hpp"

#include <gmock/gmock.h>

namespace holdfast::store {
namespace {

using testing::HasSubstr;

constexpr auto of_all_kinds = R"([{"migration":{"name":"x","step":[
{"from":"settings.a","kind":"rename","to":"settings.b"},{"key":"settings.c","kind":"remove"}],
"version":"1.1.0"},
"lost":[{"at":7,"key":"settings.c","source":3,"step":1,"strong":1,"value":"1","who":"uid=0"}],
"odd":[{"before":"1.0","key":"settings.d","made":"2","source":2,"step":0}],
"shared":[{"key":"settings.b","moved":[1,3],"step":0}]}])";

TEST(MigrationNotes, AreReadAsTheyWereWritten)
{
    const auto done = parse_done(of_all_kinds);
    ASSERT_TRUE(done.has_value()) << done.error().message();
    ASSERT_EQ(done->size(), 1U);
    const auto& traces = done->front().traces;
    EXPECT_EQ(traces.at(1).lost.at({"settings.c", Source::api}).provenance.who, "uid=0");
    EXPECT_EQ(traces.at(0).odd.at({"settings.d", Source::user_data}).before, "1.0");
    EXPECT_EQ(traces.at(0).shared.at("settings.b"), (std::set{Source::generator, Source::api}));
    EXPECT_EQ(*parse_json(done_text(*done)), *parse_json(of_all_kinds));
    EXPECT_TRUE(parse_done("")->empty());
}

TEST(MigrationNotes, OfEarlierImagesPutWhatWasLostBackLast)
{
    const auto done = parse_done(R"([{"migration":{"name":"x","step":[],"version":"1.1.0"},
"lost":[{"at":7,"key":"settings.c","source":3,"strong":1,"value":"1","who":"uid=0"}]}])");
    ASSERT_TRUE(done.has_value()) << done.error().message();
    EXPECT_TRUE(done->front().traces.at(0).lost.contains({"settings.c", Source::api}));
}

TEST(MigrationNotes, TellWhatIsAside)
{
    constexpr auto text = R"([{"at":7,"key":"settings.c","source":3,"strong":1,"value":"1",
"who":"uid=0","why":"settings.c: expected a word"}])";
    const auto aside = parse_aside(text);
    ASSERT_TRUE(aside.has_value()) << aside.error().message();
    EXPECT_EQ(aside->at({"settings.c", Source::api}).why, "settings.c: expected a word");
    EXPECT_EQ(*parse_json(aside_text(*aside)), *parse_json(text));
    EXPECT_TRUE(parse_aside("")->empty());
    EXPECT_FALSE(parse_aside("[{}]").has_value());
}

TEST(MigrationNotes, AreRefusedWhereTheyAreDamaged)
{
    const std::string head = R"([{"migration":{"name":"x","step":[],"version":"1.1.0"},)";
    for (const std::string& text :
         {std::string("{"), std::string("{}"), std::string("[1]"), std::string("[{}]"),
          head + R"("lost":1}])", head + R"("lost":[1]}])", head + R"("lost":[{"key":"k"}]}])",
          head + R"("odd":[{"key":"k","source":4,"before":"","made":""}]}])",
          head + R"("shared":[{"key":"k","moved":["a"]}]}])",
          head + R"("shared":[{"key":"k","step":-1}]}])",
          head + R"("shared":[{"key":"k","step":18446744073709551615}]}])"}) {
        const auto done = parse_done(text);
        ASSERT_FALSE(done.has_value()) << text;
        EXPECT_EQ(done.error().code(), Errc::invalid) << text;
    }
    EXPECT_THAT(parse_done(head + R"("lost":[{"key":"k"}]}])").error().message(),
                HasSubstr("lost: source: expected a number from 0 to 3"));
}

} // namespace
} // namespace holdfast::store
