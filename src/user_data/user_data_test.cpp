#include "user_data/user_data.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace holdfast::user_data {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view example = "[settings]\nmotd = \"hi\"\n[settings.kernel.sysctl]\n"
                                     "\"vm.max_map_count\" = \"1\"\n[other]\nx = 1\n";

std::string gzip(std::string_view text)
{
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// As `cat a.gz b.gz` makes them.
std::string gzip_of_two_members(std::string_view text)
{
    return gzip(text.substr(0, text.size() / 2)) + gzip(text.substr(text.size() / 2));
}

std::string broken_into_lines(std::string text)
{
    for (std::size_t i = 20; i < text.size(); i += 21) {
        text.insert(i, "\n");
    }
    return text + "\n";
}

TEST(UserData, TakesEveryWrapping)
{
    for (const auto& bytes :
         {std::string(example), gzip(example), to_base64(example), to_base64(gzip(example)),
          gzip_of_two_members(example), to_base64(gzip_of_two_members(example)),
          broken_into_lines(to_base64(gzip(example)))}) {
        const auto data = parse_user_data(bytes);
        ASSERT_TRUE(data.has_value()) << data.error().message();
        EXPECT_EQ(to_text(data->settings),
                  R"({"kernel":{"sysctl":{"vm.max_map_count":"1"}},"motd":"hi"})");
    }
}

TEST(UserData, KnowsLinesByDottedName)
{
    const auto data = parse_user_data(example);
    ASSERT_TRUE(data.has_value());
    EXPECT_EQ(data->lines.at("settings.motd"), 2);
    EXPECT_EQ(data->lines.at("settings.kernel.sysctl.\"vm.max_map_count\""), 4);
}

TEST(UserData, BlankIsNoSettings)
{
    for (const std::string_view text : {"", " \n\t\n"}) {
        const auto data = parse_user_data(text);
        ASSERT_TRUE(data.has_value());
        EXPECT_TRUE(data->settings.empty());
    }
}

TEST(UserData, SaysWhatIsWrongAndWhere)
{
    const std::vector<std::pair<std::string, std::string>> table = {
        {"motd = 'x'\n", "there is no table 'settings'"},
        {"\nsettings = 1\n", "line 2: expected 'settings' to be a table"},
        {"[[settings]]\nmotd = 'x'\n", "line 1: expected 'settings' to be a table"},
        {"[settings]\nmotd = \n", "line 2: "},
        {"\nsettings = 1979-05-27\n", "line 2: expected 'settings' to be a table"},
        {"#!/bin/sh\necho hi\n", "line 2: "},
        {"aGVsbG8", "not base64"},
        {to_base64("hello"), "line 1: "},
        {"\x1f\x8b rubbish", "gzip"},
        {gzip(example).substr(0, 30), "gzip"},
        {gzip(example) + "\n\n", "2 bytes that are no gzip data follow"},
        {gzip(example) + gzip(example).substr(0, 30), "cut short"},
        {gzip(example) + "\x1f\x8b rubbish", "damaged"},
    };
    for (const auto& [text, message] : table) {
        SCOPED_TRACE(text);
        const auto data = parse_user_data(text);
        ASSERT_FALSE(data.has_value());
        EXPECT_EQ(data.error().code(), Errc::invalid);
        EXPECT_THAT(data.error().message(), HasSubstr(message));
    }
}

TEST(UserData, LeavesOutAloneWhatNoSettingCanBe)
{
    const auto data = parse_user_data("[settings]\nmotd = 2024-01-01\nx.y = [1, nan]\nz = 1\n"
                                      "[meta]\ncreated = 2024-05-01\n");
    ASSERT_TRUE(data.has_value()) << data.error().message();
    EXPECT_EQ(data->settings, Json({{"x", Json::object()}, {"z", 1}}));
    ASSERT_EQ(data->misfits.size(), 2U);
    EXPECT_EQ(data->misfits[0].key, "settings.motd");
    EXPECT_EQ(data->misfits[0].line, 2);
    EXPECT_THAT(data->misfits[0].message, HasSubstr("a date or time"));
    EXPECT_EQ(data->misfits[1].key, "settings.x.y");
}

TEST(UserData, RefusesABombBeforeItUnfolds)
{
    const auto bomb = gzip(std::string(largest + 1, ' '));
    ASSERT_LT(bomb.size(), 10000U);
    const auto two = gzip_of_two_members(std::string(largest + 1, ' '));
    for (const auto& bytes : {bomb, two, to_base64(bomb), std::string(largest + 1, ' ')}) {
        const auto data = parse_user_data(bytes);
        ASSERT_FALSE(data.has_value());
        EXPECT_EQ(data.error().code(), Errc::too_large);
    }
    EXPECT_TRUE(parse_user_data(gzip(std::string(largest, ' '))).has_value());
}

} // namespace
} // namespace holdfast::user_data
