#include "store/migrations/transform.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::store::migrations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t defaults = 0;
constexpr std::int64_t api = 3;

Contents contents(std::initializer_list<std::pair<RowKey, const char*>> values)
{
    Contents result;
    for (const auto& [place, value] : values) {
        result.live[place] = Row{.value = value, .who = "test"};
    }
    return result;
}

Step step(const std::string& transforms)
{
    auto parsed = parse_step("a-step", "version = \"1.1.0\"\n" + transforms);
    check(parsed.has_value(), parsed.has_value() ? "" : parsed.error().message());
    return *std::move(parsed);
}

struct Case {
    const char* kind;
    const char* transforms;
    Contents before;
    Contents after; ///< Apart from what was set aside.
};

class OneTransform : public ::testing::TestWithParam<Case> {};

TEST_P(OneTransform, GoesForwardAndBack)
{
    const auto& one = GetParam();
    const auto change = step(one.transforms);
    auto found = one.before;
    apply(change, Direction::forward, found);
    EXPECT_EQ(found.live, one.after.live) << one.kind;
    apply(change, Direction::backward, found);
    EXPECT_EQ(found, one.before) << one.kind;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, OneTransform,
    ::testing::Values(
        Case{"rename",
             "[[transforms]]\nkind = \"rename\"\nfrom = \"settings.ntp.servers\"\n"
             "to = \"settings.ntp.time-servers\"\n",
             contents({{{"settings.ntp.servers", api}, "[1]"},
                       {{"settings.ntp.servers", defaults}, "[2]"},
                       {{"settings.ntp.servers2", api}, "3"}}),
             contents({{{"settings.ntp.time-servers", api}, "[1]"},
                       {{"settings.ntp.time-servers", defaults}, "[2]"},
                       {{"settings.ntp.servers2", api}, "3"}})},
        Case{"move of a table",
             "[[transforms]]\nkind = \"move\"\nfrom = \"settings.old\"\nto = \"settings.new.x\"\n",
             contents({{{"settings.old.a", api}, "1"}, {{"settings.old.b.\"c.d\"", api}, "2"}}),
             contents({{{"settings.new.x.a", api}, "1"},
                       {{"settings.new.x.b.\"c.d\"", api}, "2"}})},
        Case{"remove", "[[transforms]]\nkind = \"remove\"\nkey = \"settings.old\"\n",
             contents({{{"settings.old.a", api}, "1"}, {{"settings.older", api}, "2"}}),
             contents({{{"settings.older", api}, "2"}})},
        Case{"change of a default",
             "[[transforms]]\nkind = \"change-default\"\nkey = \"settings.motd\"\n"
             "before = \"Hello\"\nafter = \"Welcome\"\n",
             contents({{{"settings.motd", defaults}, "\"Hello\""},
                       {{"settings.motd", api}, "\"Hello\""}}),
             contents({{{"settings.motd", defaults}, "\"Welcome\""},
                       {{"settings.motd", api}, "\"Hello\""}})},
        Case{"values",
             "[[transforms]]\nkind = \"map\"\nkey = \"settings.lock\"\n"
             "values = [[\"off\", \"none\"], [1, true]]\n",
             contents({{{"settings.lock", defaults}, "1"}, {{"settings.lock", api}, "\"off\""}}),
             contents({{{"settings.lock", defaults}, "true"},
                       {{"settings.lock", api}, "\"none\""}})},
        Case{"keys that do not exist",
             "[[transforms]]\nkind = \"remove\"\nkey = \"settings.x\"\n"
             "[[transforms]]\nkind = \"move\"\nfrom = \"settings.y\"\nto = \"settings.z\"\n",
             contents({{{"settings.motd", api}, "1"}}), contents({{{"settings.motd", api}, "1"}})},
        Case{"several in a row",
             "[[transforms]]\nkind = \"move\"\nfrom = \"settings.a\"\nto = \"settings.b\"\n"
             "[[transforms]]\nkind = \"move\"\nfrom = \"settings.b\"\nto = \"settings.c\"\n"
             "[[transforms]]\nkind = \"map\"\nkey = \"settings.c\"\nvalues = [[1, 2]]\n",
             contents({{{"settings.a", api}, "1"}}), contents({{{"settings.c", api}, "2"}})}));

TEST(Add, IsTakenAwayOnTheWayBackAndThereAgainAfterwards)
{
    const auto change = step("[[transforms]]\nkind = \"add\"\nkey = \"settings.new\"\n");
    const auto newer = contents({{{"settings.new.a", api}, "1"}, {{"settings.motd", api}, "2"}});
    auto found = newer;
    apply(change, Direction::backward, found);
    EXPECT_EQ(found.live, contents({{{"settings.motd", api}, "2"}}).live);
    apply(change, Direction::forward, found);
    EXPECT_EQ(found, newer);
}

TEST(Remove, DoesNotBringBackWhatWasSetAnew)
{
    const auto change = step("[[transforms]]\nkind = \"remove\"\nkey = \"settings.old\"\n");
    auto found = contents({{{"settings.old", api}, "1"}});
    apply(change, Direction::forward, found);
    found.live[{"settings.old", api}] = Row{.value = "2"};
    apply(change, Direction::backward, found);
    EXPECT_EQ((found.live[{"settings.old", api}].value), "2");
}

TEST(Steps, AreRunByVersionAndNameEachOfThem)
{
    std::vector<Step> steps;
    for (const auto& [version, name] : {std::pair("1.2.0", "c"), std::pair("1.1.0", "b"),
                                        std::pair("1.1.0", "a"), std::pair("1.10.0", "d")}) {
        steps.push_back(Step{*Version::parse(version), name, {}, ""});
    }
    const auto names = [&](const char* from, const char* to) {
        std::vector<std::string> result;
        for (const auto* one :
             steps_between(steps, *Version::parse(from), *Version::parse(to))) {
            result.push_back(one->name);
        }
        return result;
    };
    EXPECT_THAT(names("1.0.0", "1.10.0"), ElementsAre("a", "b", "c", "d"));
    EXPECT_THAT(names("1.1.0", "1.2.0"), ElementsAre("c"));
    EXPECT_THAT(names("1.2.0", "1.0.0"), ElementsAre("c", "b", "a"));
    EXPECT_THAT(names("1.2.0", "1.2.0"), ElementsAre());
}

TEST(Step, SaysWhatIsWrongWithADeclaration)
{
    struct Wrong {
        const char* toml;
        const char* message;
    };
    const std::string head = "version = \"1.1.0\"\n[[transforms]]\n";
    for (const auto& [toml, message] : {
             Wrong{"", "`version` is missing"},
             Wrong{"version = \"1.1\"\ntransforms = []", "expected a version"},
             Wrong{"version = \"1.1.0\"", "expected tables"},
         }) {
        EXPECT_THAT(parse_step("s", toml).error().message(), HasSubstr(message)) << toml;
    }
    for (const auto& [toml, message] : {
             Wrong{"kind = \"swap\"", "transform 1: `kind`"},
             Wrong{"kind = \"remove\"", "`key`: expected a key"},
             Wrong{"kind = \"remove\"\nkey = \"settings\"", "below settings"},
             Wrong{"kind = \"remove\"\nkey = \"os.name\"", "below settings"},
             Wrong{"kind = \"rename\"\nfrom = \"settings.a.b\"\nto = \"settings.c.b\"",
                   "this is a move"},
             Wrong{"kind = \"move\"\nfrom = \"settings.a\"", "`to`"},
             Wrong{"kind = \"change-default\"\nkey = \"settings.a\"\nbefore = 1", "`after`"},
             Wrong{"kind = \"map\"\nkey = \"settings.a\"\nvalues = [[1]]", "expected pairs"},
         }) {
        EXPECT_THAT(parse_step("s", head + toml).error().message(), HasSubstr(message)) << toml;
    }
}

} // namespace
} // namespace holdfast::store::migrations
