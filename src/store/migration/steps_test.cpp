#include "store/migration/steps.hpp"

#include "store/migration/notes.hpp"

#include <gmock/gmock.h>

#include <random>

namespace holdfast::store {
namespace {

/// Key, source, value and who set it, for comparing and printing.
using Plain = std::map<std::pair<std::string, int>, std::pair<std::string, std::string>>;

Plain plain(const Rows& rows)
{
    Plain found;
    for (const auto& [place, stored] : rows) {
        found[{place.first, static_cast<int>(place.second)}] = {stored.value,
                                                                stored.provenance.who};
    }
    return found;
}

void put_row(Rows& rows, const std::string& key, Source source, const std::string& value)
{
    const auto who = key + " of " + std::string(name(source));
    rows.insert_or_assign({key, source}, Stored{value, {source, who, {}}});
}

Migration migration_from(const std::string& steps)
{
    auto migration = parse_migration("version = \"1.1.0\"\nname = \"x\"\n" + steps);
    EXPECT_TRUE(migration.has_value()) << migration.error().message();
    return *std::move(migration);
}

/// Stores and migrations of few names and values, so that they get in each other's way.
class Chance {
public:
    explicit Chance(std::uint32_t seed) : random_(seed) {}

    Rows rows()
    {
        Rows rows;
        const auto count = number(12);
        for (std::size_t i = 0; i < count; ++i) {
            put_row(rows, key(), static_cast<Source>(number(4)), one_of(values_));
        }
        return rows;
    }
    Migration migration(const Version& version)
    {
        Migration made{version, "chance", {}};
        const auto count = 1 + number(4);
        for (std::size_t i = 0; i < count; ++i) {
            made.steps.push_back(step());
        }
        return made;
    }

private:
    std::size_t number(std::size_t below) { return random_() % below; }
    template <typename T>
    const T& one_of(const std::vector<T>& list)
    {
        return list[number(list.size())];
    }

    std::string key() { return path({"a", "b", "\"c.d\"", "/any/"}); }
    std::string pattern() { return path({"a", "b", "*", "*"}); }
    std::string path(const std::vector<std::string>& segments)
    {
        std::string text = "settings";
        const auto depth = 1 + number(3);
        for (std::size_t i = 0; i < depth; ++i) {
            text += "." + one_of(segments);
        }
        return text;
    }

    Step step()
    {
        switch (number(4)) {
        case 0: return Rename{key(), key()};
        case 1: return Remove{pattern()};
        case 2: return ChangeDefault{pattern(), one_of(meanings_), one_of(meanings_)};
        default: return map();
        }
    }
    MapValue map()
    {
        auto befores = meanings_;
        auto afters = meanings_;
        std::ranges::shuffle(befores, random_);
        std::ranges::shuffle(afters, random_);
        MapValue map{pattern(), {}};
        const auto count = 1 + number(meanings_.size());
        for (std::size_t i = 0; i < count; ++i) {
            map.values.push_back({befores[i], afters[i]});
        }
        return map;
    }

    std::mt19937 random_;
    const std::vector<std::string> values_{"1",      "1.0", "2",      "3",
                                           "\"on\"", "[1]", "[1, 2]", "not JSON"};
    const std::vector<Json> meanings_{1, 2, 3, "on", Json::array({1}), Json::array({1, 2})};
};

TEST(Steps, GoingForthAndBackChangesNothing)
{
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE(seed);
        Chance chance(seed);
        auto rows = chance.rows();
        const auto before = plain(rows);
        std::vector<Done> done;
        for (const auto* version : {"1.1.0", "1.2.0", "1.3.0"}) {
            const auto migration = chance.migration(*Version::parse(version));
            auto traces = apply(migration, rows);
            done.push_back({migration, std::move(traces)});
        }
        // As an image that did not make it finds it in the store.
        const auto text = done_text(done);
        const auto remembered = parse_done(text);
        ASSERT_TRUE(remembered.has_value()) << remembered.error().message();
        for (auto item = remembered->rbegin(); item != remembered->rend(); ++item) {
            undo(item->migration, item->traces, rows);
        }
        ASSERT_EQ(plain(rows), before) << text;
    }
}

TEST(Steps, WhatWasSetInBetweenIsTakenBackByTheStepsWords)
{
    const auto map = migration_from(R"([[step]]
kind = "map"
key = "settings.lockdown"
values = [{ before = "on", after = "integrity" }]
)");
    Rows rows;
    put_row(rows, "settings.lockdown", Source::api, "\"integrity\"");
    put_row(rows, "settings.lockdown", Source::user_data, "\"integrity\"");
    const auto traces = apply(map, rows);
    // Chosen at the newer version, whose "integrity" the older one calls "on".
    put_row(rows, "settings.lockdown", Source::user_data, "\"other\"");
    put_row(rows, "settings.lockdown", Source::generator, "\"integrity\"");
    undo(map, traces, rows);
    EXPECT_EQ(rows.at({"settings.lockdown", Source::api}).value, "\"integrity\"");
    EXPECT_EQ(rows.at({"settings.lockdown", Source::user_data}).value, "\"other\"");
    EXPECT_EQ(rows.at({"settings.lockdown", Source::generator}).value, "\"on\"");
}

TEST(Steps, WhatALaterStepTookAwayComesBackUnderTheOldestName)
{
    const auto migration = migration_from(R"([[step]]
kind = "move"
from = "settings.old"
to = "settings.new"
[[step]]
kind = "remove"
key = "settings.new.*.legacy"
)");
    Rows rows;
    put_row(rows, "settings.old.a.legacy", Source::api, "7");
    const auto before = plain(rows);
    const auto traces = apply(migration, rows);
    EXPECT_TRUE(rows.empty());
    undo(migration, traces, rows);
    EXPECT_EQ(plain(rows), before);
}

} // namespace
} // namespace holdfast::store
