#include "toml/toml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using ::testing::HasSubstr;

TEST(Toml, ReadsAllKindsOfValues)
{
    const auto value = parse_toml("a = 1\nb = -2\nc = true\nd = 'x'\ne = 1.5\nf = [1, 'y']\n"
                                  "[g.h]\ni = {j = 2}\n[[k]]\nl = 3\n");
    ASSERT_TRUE(value.has_value()) << value.error().message();
    EXPECT_EQ(to_text(*value), R"({"a":1,"b":-2,"c":true,"d":"x","e":1.5,"f":[1,"y"],)"
                               R"("g":{"h":{"i":{"j":2}}},"k":[{"l":3}]})");
}

TEST(Toml, KnowsTheLineOfEachKey)
{
    const auto document = parse_toml_document("[settings]\nmotd = 'x'\n\n[settings.kernel]\n"
                                              "sysctl.'a.b' = '1'\nlockdown =\\\n");
    EXPECT_FALSE(document.has_value());
    const auto good = parse_toml_document("[settings]\nmotd = 'x'\n\n[settings.kernel]\n"
                                          "sysctl.'a.b' = '1'\nlist = [\n 1,\n 2]\nlast = 1\n");
    ASSERT_TRUE(good.has_value());
    EXPECT_EQ(good->lines.at({"settings"}), 1);
    EXPECT_EQ(good->lines.at({"settings", "motd"}), 2);
    EXPECT_EQ(good->lines.at({"settings", "kernel"}), 4);
    EXPECT_EQ(good->lines.at({"settings", "kernel", "sysctl", "a.b"}), 5);
    EXPECT_EQ(good->lines.at({"settings", "kernel", "list"}), 6);
    EXPECT_EQ(good->lines.at({"settings", "kernel", "last"}), 9);
}

TEST(Toml, NamesTheLineOfAnError)
{
    const std::vector<std::pair<std::string, int>> table = {
        {"a = 1\nb = \n", 2},
        {"a = 1\na = 2\n", 2},
        {"\n\n[x\n", 3},
        {"a = '\xff'\n", 1},
        {"[\n", 1},
        {"[*V", 1},
        {"[[\n", 1},
        {"a = 1\n\n[\n\nb = 2\n", 3},
        {"a = 1\n\xc5\xa1\n", 2},
        {"a \xc5\xa1 = 1\n", 1},
        {"a = 1 \xef\xb9\xbf)", 1},
        {"a.\n", 1},
        {"a = {\n", 1},
    };
    for (const auto& [text, line] : table) {
        SCOPED_TRACE(text);
        const auto document = parse_toml_document(text);
        ASSERT_FALSE(document.has_value());
        EXPECT_EQ(document.error().line, line);
    }
}

TEST(Toml, LeavesOutWhatJsonCannotSay)
{
    const auto document = parse_toml_document("x = 1\nd = 2020-01-01\n[t]\nlist = [1,\n12:00:00]\n"
                                              "in = [{a = [nan]}]\n[t.u]\nn = inf\nlast = [2]\n");
    ASSERT_TRUE(document.has_value());
    EXPECT_EQ(document->value, Json({{"x", 1}, {"t", {{"u", {{"last", {2}}}}}}}));
    std::vector<std::pair<std::string, int>> left_out;
    for (const auto& misfit : document->misfits) {
        left_out.emplace_back(misfit.path.back(), misfit.problem.line);
    }
    EXPECT_THAT(left_out, testing::UnorderedElementsAre(
                              testing::Pair("d", 2), testing::Pair("list", 5),
                              testing::Pair("in", 6), testing::Pair("n", 8)));
    EXPECT_EQ(document->lines.at({"t", "u", "last"}), 9);
    EXPECT_THAT(parse_toml("d = 2020-01-01").error().message(),
                HasSubstr("line 1: a date or time"));
}

/// A key of `count` parts.
std::string dotted(const std::string& part, int count)
{
    std::string key = part;
    for (int i = 1; i < count; ++i) {
        key += "." + part;
    }
    return key;
}

TEST(Toml, RefusesDeepNesting)
{
    const auto header = "[" + dotted("a", 20) + "]\n";
    EXPECT_THAT(parse_toml(header + dotted("a", 20) + " = 1").error().message(),
                HasSubstr("line 2: nested deeper"));
    EXPECT_FALSE(parse_toml("a = " + std::string(5000, '[')).has_value());
    EXPECT_FALSE(parse_toml("a = " + std::string(40, '[') + std::string(40, ']')).has_value());
}

TEST(Toml, AKeyOfManyPartsIsRefusedBeforeItTakesTheStack)
{
    const auto key = dotted("a", 200'000);
    const std::vector<std::pair<std::string, int>> table = {
        {key + " = 1", 1},
        {"[" + key + "]", 1},
        {"b = 1\n[[" + key + "]]\n", 2},
        {"b = {c = 1, " + key + " = 1}", 1},
        {"b = [\n{" + key + " = 1}]", 2},
        {dotted("'a'", 200'000) + " = 1", 1},
        {dotted("\"\\\"\"", 200'000) + " = 1", 1},
        {dotted("a ", 200'000) + " = 1", 1},
        {"b = '#' # '\n" + key + " = 1", 2},
        {"b = {c = \"\"\"\n\\\"\"\"\"\"\", " + key + " = 1}", 2},
        {"b = {c = '''''''', " + key + " = 1}", 1},
        {"b = {c = '', " + key + " = 1}", 1},
    };
    for (const auto& [text, line] : table) {
        SCOPED_TRACE(text.substr(0, 30));
        const auto document = parse_toml_document(text);
        ASSERT_FALSE(document.has_value());
        EXPECT_EQ(document.error().message, "a key of more than 32 parts");
        EXPECT_EQ(document.error().line, line);
    }
}

TEST(Toml, ManyDotsThatAreNoKeyAreFine)
{
    const auto dots = std::string(100, '.');
    for (const auto& text : {
             "# " + dots + "\na = 1",
             "'" + dots + "' = 1",
             "a = \"\\\"" + dots + "\"",
             "a = '''\n'" + dots + "'''''",
             "a = \"\"\"\n\\\"\"" + dots + "\"\"\"\"",
             "a = [" + dotted("1, 1", 100) + "]",
             dotted("a", 32) + " = 1",
         }) {
        EXPECT_TRUE(parse_toml(text).has_value()) << text;
    }
}

TEST(Toml, TheDeepestTreeThatTomlPlusPlusBuildsLeavesStack)
{
    std::string text = "b = ";
    for (int i = 0; i < 255; ++i) {
        text += "{" + dotted("a", 32) + " = ";
    }
    EXPECT_THAT(parse_toml(text + "1" + std::string(255, '}')).error().message(),
                HasSubstr("deeper"));
}

TEST(Toml, WritesWhatItReads)
{
    const auto value = Json::parse(R"({"z": 1, "a.b c": {"s": "x\"\n\u0001\\'y", "l": ["é", "]"]},
                                       "t": {"u": {"v": true}}, "f": 0.5, "e": {}, "n": null})");
    const auto text = to_toml(value);
    auto expected = value;
    expected.erase("n");
    const auto again = parse_toml(text);
    ASSERT_TRUE(again.has_value()) << again.error().message() << text;
    EXPECT_EQ(*again, expected) << text;
}

TEST(Toml, AValueCannotLeaveItsLine)
{
    const auto text = to_toml({{"s", "a\"\"\"\n[evil]\nx = 1 # '''"}});
    EXPECT_EQ(text, "s = \"a\\\"\\\"\\\"\\n[evil]\\nx = 1 # '''\"\n");
}

} // namespace
} // namespace holdfast
