#include "store/migration/notes.hpp"

namespace holdfast::store {

namespace {

/// As much as a store can hold, with everything in it escaped.
constexpr JsonLimits note_limits{.bytes = 128U << 20, .depth = 64};

/// The members of one object, each of its type.
class Members {
public:
    static Result<Members> of(const Json& object)
    {
        if (!object.is_object()) {
            return fail(Errc::invalid, "expected an object");
        }
        return Members(object);
    }
    Result<std::string> text(const char* name) const
    {
        const auto found = object_->find(name);
        if (found == object_->end() || !found->is_string()) {
            return fail(Errc::invalid, "{}: expected a text", name);
        }
        return found->get<std::string>();
    }
    Result<std::int64_t> number(const char* name, std::int64_t least, std::int64_t most) const
    {
        const auto found = object_->find(name);
        if (found == object_->end() || !found->is_number_integer() ||
            (found->is_number_unsigned() &&
             found->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) ||
            found->get<std::int64_t>() < least || found->get<std::int64_t>() > most) {
            return fail(Errc::invalid, "{}: expected a number from {} to {}", name, least, most);
        }
        return found->get<std::int64_t>();
    }
    Result<Source> source(const char* name) const
    {
        TRY_ASSIGN(const auto value, number(name, 0, 3));
        return static_cast<Source>(value);
    }
    /// Of a migration. Earlier images kept what was lost without it, to be put back at the very
    /// end.
    Result<std::size_t> step() const
    {
        if (!object_->contains("step")) {
            return std::size_t{0};
        }
        TRY_ASSIGN(const auto value, number("step", 0, INT32_MAX));
        return static_cast<std::size_t>(value);
    }
    /// An absent list is empty.
    Result<Json> list(const char* name) const
    {
        const auto found = object_->find(name);
        if (found == object_->end()) {
            return Json::array();
        }
        if (!found->is_array()) {
            return fail(Errc::invalid, "{}: expected a list", name);
        }
        return *found;
    }

private:
    explicit Members(const Json& object) : object_(&object) {}
    const Json* object_; ///< Outlives this.
};

Json row_json(const Place& place, const Stored& stored)
{
    const auto& provenance = stored.provenance;
    return {{"key", place.first},
            {"source", static_cast<int>(place.second)},
            {"value", stored.value},
            {"who", provenance.who},
            {"at", provenance.when.time_since_epoch().count()},
            {"strong", static_cast<int>(provenance.strength)}};
}

Result<Rows::value_type> row_of(const Members& members)
{
    TRY_ASSIGN(auto key, members.text("key"));
    TRY_ASSIGN(const auto source, members.source("source"));
    TRY_ASSIGN(auto value, members.text("value"));
    TRY_ASSIGN(auto who, members.text("who"));
    TRY_ASSIGN(const auto at, members.number("at", INT64_MIN, INT64_MAX));
    TRY_ASSIGN(const auto strong, members.number("strong", 0, 1));
    return Rows::value_type{
        {std::move(key), source},
        {std::move(value),
         {source, std::move(who), std::chrono::sys_seconds(std::chrono::seconds(at)),
          static_cast<Strength>(strong)}}};
}

Result<Json> parse_list(std::string_view text)
{
    if (text.empty()) {
        return Json::array();
    }
    TRY_ASSIGN(auto list, parse_json(text, note_limits));
    if (!list.is_array()) {
        return fail(Errc::invalid, "expected a list");
    }
    return list;
}

Json traces_json(const Traces& traces)
{
    Json object = {{"lost", Json::array()}, {"shared", Json::array()}, {"odd", Json::array()}};
    for (const auto& [step, met] : traces) {
        for (const auto& [place, stored] : met.lost) {
            object["lost"].push_back(row_json(place, stored));
            object["lost"].back()["step"] = step;
        }
        for (const auto& [key, sources] : met.shared) {
            Json numbers = Json::array();
            for (const auto source : sources) {
                numbers.push_back(static_cast<int>(source));
            }
            object["shared"].push_back({{"step", step}, {"key", key}, {"moved", numbers}});
        }
        for (const auto& [place, value] : met.odd) {
            object["odd"].push_back({{"step", step},
                                     {"key", place.first},
                                     {"source", static_cast<int>(place.second)},
                                     {"before", value.before},
                                     {"made", value.made}});
        }
    }
    return object;
}

Result<void> read_lost(const Json& item, Traces& traces)
{
    TRY_ASSIGN(const auto members, Members::of(item));
    TRY_ASSIGN(const auto step, members.step());
    TRY_ASSIGN(auto row, row_of(members));
    traces[step].lost.insert(std::move(row));
    return {};
}

Result<void> read_shared(const Json& item, Traces& traces)
{
    TRY_ASSIGN(const auto members, Members::of(item));
    TRY_ASSIGN(const auto step, members.step());
    TRY_ASSIGN(auto key, members.text("key"));
    TRY_ASSIGN(const auto moved, members.list("moved"));
    auto& sources = traces[step].shared[std::move(key)];
    for (const auto& number : moved) {
        if (!number.is_number_integer() || number < 0 || number > 3) {
            return fail(Errc::invalid, "moved: expected numbers from 0 to 3");
        }
        sources.insert(static_cast<Source>(number.get<int>()));
    }
    return {};
}

Result<void> read_odd(const Json& item, Traces& traces)
{
    TRY_ASSIGN(const auto members, Members::of(item));
    TRY_ASSIGN(const auto step, members.step());
    TRY_ASSIGN(auto key, members.text("key"));
    TRY_ASSIGN(const auto source, members.source("source"));
    TRY_ASSIGN(auto before, members.text("before"));
    TRY_ASSIGN(auto made, members.text("made"));
    traces[step].odd.insert({{std::move(key), source}, {std::move(before), std::move(made)}});
    return {};
}

Result<Done> read_one(const Json& item)
{
    TRY_ASSIGN(const auto members, Members::of(item));
    TRY_ASSIGN(auto migration, migration_of(item.value("migration", Json::object())));
    Done done{std::move(migration)};
    const std::pair<const char*, Result<void> (*)(const Json&, Traces&)> readers[] = {
        {"lost", read_lost}, {"shared", read_shared}, {"odd", read_odd}};
    for (const auto& [name, read] : readers) {
        TRY_ASSIGN(const auto list, members.list(name));
        for (const auto& trace : list) {
            TRY(read(trace, done.traces).while_(name));
        }
    }
    return done;
}

} // namespace

std::string done_text(const std::vector<Done>& done)
{
    Json list = Json::array();
    for (const auto& item : done) {
        list.push_back(traces_json(item.traces));
        list.back()["migration"] = to_json(item.migration);
    }
    return to_text(list);
}

Result<std::vector<Done>> parse_done(std::string_view text)
{
    std::vector<Done> done;
    TRY_ASSIGN(const auto list, parse_list(text));
    for (const auto& item : list) {
        TRY_ASSIGN(auto one, read_one(item));
        done.push_back(std::move(one));
    }
    return done;
}

std::string aside_text(const Aside& aside)
{
    Json list = Json::array();
    for (const auto& [place, refused] : aside) {
        list.push_back(row_json(place, refused.stored));
        list.back()["why"] = refused.why;
    }
    return to_text(list);
}

Result<Aside> parse_aside(std::string_view text)
{
    Aside aside;
    TRY_ASSIGN(const auto list, parse_list(text));
    for (const auto& item : list) {
        TRY_ASSIGN(const auto members, Members::of(item));
        TRY_ASSIGN(auto row, row_of(members));
        TRY_ASSIGN(auto why, members.text("why"));
        aside.insert({std::move(row.first), {std::move(row.second), std::move(why)}});
    }
    return aside;
}

std::string remembered_by_new_store(const std::vector<Migration>& known, const Version& version)
{
    std::vector<Done> done;
    for (const auto& migration : known) {
        if (migration.version <= version) {
            done.push_back({migration});
        }
    }
    return done_text(done);
}

} // namespace holdfast::store
