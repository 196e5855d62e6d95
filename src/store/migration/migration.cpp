#include "store/migration/migration.hpp"

#include "settings/key/key.hpp"
#include "toml/toml.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace holdfast::store {

namespace {

/// The fields of one table of the file, each read once; what is left over is a mistake.
class Fields {
public:
    Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

    Result<std::string> text(const char* name)
    {
        TRY_ASSIGN(const auto value, any(name));
        if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
            return fail(Errc::invalid, "{}: {}: expected a text", where_, name);
        }
        return value.get<std::string>();
    }
    /// A key below "settings", with "*" for a segment where `wild`.
    Result<std::string> key(const char* name, bool wild)
    {
        TRY_ASSIGN(auto value, text(name));
        auto plain = value;
        if (wild) {
            std::ranges::replace(plain, '*', '-');
        }
        const auto parsed = settings::Key::parse(plain);
        if (!parsed.has_value() || parsed->segments().front() != "settings" ||
            parsed->segments().size() < 2) {
            return fail(Errc::invalid, "{}: {}: expected a setting such as settings.motd, not '{}'",
                        where_, name, value);
        }
        return value;
    }
    Result<Json> any(const char* name)
    {
        seen_.insert(name);
        if (!object_.is_object() || !object_.contains(name)) {
            return fail(Errc::invalid, "{}: {} is missing", where_, name);
        }
        return object_[name];
    }
    Result<void> expect_no_more() const
    {
        for (const auto& [name, value] : object_.items()) {
            if (!seen_.contains(name)) {
                return fail(Errc::invalid, "{}: unknown field {}", where_, name);
            }
        }
        return {};
    }
    const std::string& where() const { return where_; }

private:
    const Json& object_;
    std::string where_;
    std::set<std::string> seen_;
};

Result<Step> read_rename(Fields& fields)
{
    TRY_ASSIGN(auto from, fields.key("from", false));
    TRY_ASSIGN(auto to, fields.key("to", false));
    return Step(Rename{std::move(from), std::move(to)});
}

Result<Step> read_remove(Fields& fields)
{
    TRY_ASSIGN(auto key, fields.key("key", true));
    return Step(Remove{std::move(key)});
}

Result<Step> read_default(Fields& fields)
{
    TRY_ASSIGN(auto key, fields.key("key", true));
    TRY_ASSIGN(auto before, fields.any("before"));
    TRY_ASSIGN(auto after, fields.any("after"));
    return Step(ChangeDefault{std::move(key), std::move(before), std::move(after)});
}

Result<Step> read_map(Fields& fields)
{
    TRY_ASSIGN(auto key, fields.key("key", true));
    TRY_ASSIGN(const auto list, fields.any("values"));
    MapValue map{std::move(key), {}};
    std::set<Json> befores;
    std::set<Json> afters;
    if (!list.is_array() || list.empty()) {
        return fail(Errc::invalid, "{}: values: expected a list of {{before, after}}",
                    fields.where());
    }
    for (const auto& item : list) {
        Fields pair(item, fields.where() + ": values");
        TRY_ASSIGN(auto before, pair.any("before"));
        TRY_ASSIGN(auto after, pair.any("after"));
        TRY(pair.expect_no_more());
        if (!befores.insert(before).second || !afters.insert(after).second) {
            return fail(Errc::invalid,
                        "{}: values: {} → {}: each value may stand once on each side, or there is "
                        "no way back",
                        fields.where(), to_text(before), to_text(after));
        }
        map.values.push_back({std::move(before), std::move(after)});
    }
    return Step(std::move(map));
}

Result<Step> read_step(const Json& object, std::size_t number)
{
    Fields fields(object, std::format("step {}", number));
    TRY_ASSIGN(const auto kind, fields.text("kind"));
    const std::map<std::string, Result<Step> (*)(Fields&)> readers{{"rename", read_rename},
                                                                   {"move", read_rename},
                                                                   {"remove", read_remove},
                                                                   {"default", read_default},
                                                                   {"map", read_map}};
    const auto reader = readers.find(kind);
    if (reader == readers.end()) {
        return fail(Errc::invalid,
                    "{}: kind: expected rename, move, remove, default or map, not '{}'",
                    fields.where(), kind);
    }
    TRY_ASSIGN(auto step, reader->second(fields));
    TRY(fields.expect_no_more());
    return step;
}

Json step_json(const Step& step)
{
    struct Writer {
        Json operator()(const Rename& rename) const
        {
            return {{"kind", "rename"}, {"from", rename.from}, {"to", rename.to}};
        }
        Json operator()(const Remove& remove) const
        {
            return {{"kind", "remove"}, {"key", remove.key}};
        }
        Json operator()(const ChangeDefault& change) const
        {
            return {{"kind", "default"},
                    {"key", change.key},
                    {"before", change.before},
                    {"after", change.after}};
        }
        Json operator()(const MapValue& map) const
        {
            Json values = Json::array();
            for (const auto& pair : map.values) {
                values.push_back({{"before", pair.before}, {"after", pair.after}});
            }
            return {{"kind", "map"}, {"key", map.key}, {"values", std::move(values)}};
        }
    };
    return std::visit(Writer{}, step);
}

} // namespace

Result<Migration> parse_migration(std::string_view toml)
{
    TRY_ASSIGN(const auto json, parse_toml(toml));
    return migration_of(json);
}

Json to_json(const Migration& migration)
{
    Json steps = Json::array();
    for (const auto& step : migration.steps) {
        steps.push_back(step_json(step));
    }
    return {{"version", migration.version.str()},
            {"name", migration.name},
            {"step", std::move(steps)}};
}

Result<Migration> migration_of(const Json& json)
{
    Fields fields(json, "migration");
    TRY_ASSIGN(const auto version_text, fields.text("version"));
    TRY_ASSIGN(auto version, Version::parse(version_text).while_("migration: version"));
    TRY_ASSIGN(auto name, fields.text("name"));
    TRY_ASSIGN(const auto list, fields.any("step"));
    TRY(fields.expect_no_more());
    Migration migration{std::move(version), std::move(name), {}};
    if (!list.is_array()) {
        return fail(Errc::invalid, "migration: step: expected [[step]] tables");
    }
    for (const auto& item : list) {
        TRY_ASSIGN(auto step, read_step(item, migration.steps.size() + 1)
                                  .while_("migration " + migration.name));
        migration.steps.push_back(std::move(step));
    }
    return migration;
}

} // namespace holdfast::store
