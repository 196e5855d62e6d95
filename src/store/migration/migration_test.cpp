#include "store/migration/migration.hpp"

#include <gmock/gmock.h>

namespace holdfast::store {
namespace {

using testing::HasSubstr;

constexpr auto all_kinds = R"(version = "1.1.0"
name = "all kinds"
[[step]]
kind = "rename"
from = "settings.motd"
to = "settings.greeting"
[[step]]
kind = "move"
from = "settings.ntp"
to = "settings.time.ntp"
[[step]]
kind = "remove"
key = "settings.host-containers.*.legacy"
[[step]]
kind = "default"
key = "settings.ntp.options"
before = ["iburst"]
after = ["iburst", "minpoll 4"]
[[step]]
kind = "map"
key = "settings.kernel.lockdown"
values = [{ before = "on", after = "integrity" }, { before = "off", after = "none" }]
)";

TEST(Migration, IsReadAndKeptAsJson)
{
    const auto migration = parse_migration(all_kinds);
    ASSERT_TRUE(migration.has_value()) << migration.error().message();
    EXPECT_EQ(migration->version.str(), "1.1.0");
    EXPECT_EQ(migration->steps.size(), 5U);
    const auto json = to_json(*migration);
    const auto again = migration_of(json);
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(to_json(*again), json);
}

TEST(Migration, IsRefusedWithTheStepAndWhatWasExpected)
{
    struct Row {
        std::string toml;
        std::string message;
    };
    const std::string head = "version = \"1.1.0\"\nname = \"x\"\n[[step]]\n";
    const std::vector<Row> table{
        {"version = \"1.1\"\nname = \"x\"\nstep = []", "migration: version"},
        {"version = \"1.1.0\"\nstep = []", "name is missing"},
        {"version = \"1.1.0\"\nname = \"x\"\nstep = 3", "expected [[step]] tables"},
        {head + "kind = \"delete\"", "step 1: kind: expected rename, move, remove, default or map"},
        {head + "kind = \"remove\"", "step 1: key is missing"},
        {head + "kind = \"remove\"\nkey = \"motd\"", "expected a setting such as settings.motd"},
        {head + "kind = \"remove\"\nkey = \"settings.motd\"\nkeys = 1", "unknown field keys"},
        {head + "kind = \"rename\"\nfrom = \"settings.*\"\nto = \"settings.b\"", "step 1: from"},
        {head + "kind = \"map\"\nkey = \"settings.a\"\nvalues = []", "expected a list"},
        {head + "kind = \"map\"\nkey = \"settings.a\"\nvalues = [{before = 1, after = 2}, "
                "{before = 3, after = 2}]",
         "no way back"},
        {"version = ", "line 1"},
    };
    for (const auto& [toml, message] : table) {
        SCOPED_TRACE(toml);
        const auto migration = parse_migration(toml);
        ASSERT_FALSE(migration.has_value());
        EXPECT_EQ(migration.error().code(), Errc::invalid);
        EXPECT_THAT(migration.error().message(), HasSubstr(message));
    }
}

} // namespace
} // namespace holdfast::store
