#include "store/migration/image.hpp"

#include "store/compact.hpp"

namespace holdfast::store {

namespace {

/// Written by `Store::adopt_image`: version and build.
constexpr std::string_view adopted_note = "os-version";
/// Written here: says the version before the first server of that version has run.
constexpr std::string_view version_note = "store-version";

Result<std::string> note(Database& database, std::string_view name)
{
    TRY_ASSIGN(auto row, database.prepare("SELECT text FROM notes WHERE name = ?"));
    row.bind(1, name);
    TRY_ASSIGN(const bool found, row.step());
    return found ? row.text(0) : "";
}

Result<void> set_note(Database& database, std::string_view name, std::string_view text)
{
    TRY_ASSIGN(auto put,
               database.prepare("INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)"));
    put.bind(1, name).bind(2, text);
    return put.run();
}

Result<Rows> read_rows(Database& database)
{
    TRY_ASSIGN(auto rows, database.prepare("SELECT key, source, value, who, at, strong FROM live"));
    Rows found;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return found;
        }
        const auto source = static_cast<Source>(rows.number(1));
        found.emplace(std::pair(rows.text(0), source),
                      Stored{rows.text(2),
                             {source, rows.text(3),
                              std::chrono::sys_seconds(std::chrono::seconds(rows.number(4))),
                              static_cast<Strength>(rows.number(5))}});
    }
}

Result<void> write_rows(Database& database, const Rows& rows)
{
    TRY(database.execute("DELETE FROM live"));
    TRY_ASSIGN(auto put, database.prepare("INSERT INTO live (key, source, value, who, at, strong) "
                                          "VALUES (?, ?, ?, ?, ?, ?)"));
    for (const auto& [place, stored] : rows) {
        const auto& provenance = stored.provenance;
        put.bind(1, std::string_view(place.first))
            .bind(2, static_cast<std::int64_t>(place.second))
            .bind(3, std::string_view(stored.value))
            .bind(4, std::string_view(provenance.who))
            .bind(5, provenance.when.time_since_epoch().count())
            .bind(6, static_cast<std::int64_t>(provenance.strength));
        TRY(put.run());
    }
    return {};
}

Json rows_json(const Rows& rows)
{
    Json list = Json::array();
    for (const auto& [place, stored] : rows) {
        const auto& provenance = stored.provenance;
        list.push_back({{"key", place.first},
                        {"source", static_cast<int>(place.second)},
                        {"value", stored.value},
                        {"who", provenance.who},
                        {"at", provenance.when.time_since_epoch().count()},
                        {"strong", static_cast<int>(provenance.strength)}});
    }
    return list;
}

Rows rows_of(const Json& list)
{
    Rows rows;
    for (const auto& item : list) {
        const auto source = static_cast<Source>(item.value("source", 0));
        rows.emplace(std::pair(item.value("key", ""), source),
                     Stored{item.value("value", ""),
                            {source, item.value("who", ""),
                             std::chrono::sys_seconds(
                                 std::chrono::seconds(item.value("at", std::int64_t{0}))),
                             static_cast<Strength>(item.value("strong", 1))}});
    }
    return rows;
}

Json shared_json(const std::map<std::size_t, Shared>& steps)
{
    Json list = Json::array();
    for (const auto& [step, shared] : steps) {
        for (const auto& [key, sources] : shared) {
            Json numbers = Json::array();
            for (const auto source : sources) {
                numbers.push_back(static_cast<int>(source));
            }
            list.push_back({{"step", step}, {"key", key}, {"moved", std::move(numbers)}});
        }
    }
    return list;
}

std::map<std::size_t, Shared> shared_of(const Json& list)
{
    std::map<std::size_t, Shared> steps;
    for (const auto& item : list) {
        auto& sources = steps[item.value("step", std::size_t{0})][item.value("key", "")];
        for (const auto& number : item.value("moved", Json::array())) {
            sources.insert(static_cast<Source>(number.get<int>()));
        }
    }
    return steps;
}

Result<std::vector<Done>> read_done(Database& database)
{
    TRY_ASSIGN(const auto text, note(database, migrations_note));
    std::vector<Done> done;
    if (text.empty()) {
        return done;
    }
    TRY_ASSIGN(const auto list, parse_json(text));
    for (const auto& item : list) {
        TRY_ASSIGN(auto migration, migration_of(item.value("migration", Json::object())));
        done.push_back({std::move(migration),
                        {.lost = rows_of(item.value("lost", Json::array())),
                         .shared = shared_of(item.value("shared", Json::array()))}});
    }
    return done;
}

Json done_json(const std::vector<Done>& done)
{
    Json list = Json::array();
    for (const auto& item : done) {
        list.push_back({{"migration", to_json(item.migration)},
                        {"lost", rows_json(item.traces.lost)},
                        {"shared", shared_json(item.traces.shared)}});
    }
    return list;
}

} // namespace

Result<std::optional<Version>> version_of_store(std::string_view bytes)
{
    TRY_ASSIGN(auto database, Database::from_bytes(bytes));
    TRY_ASSIGN(auto text, note(database, version_note));
    if (text.empty()) {
        TRY_ASSIGN(text, note(database, adopted_note));
        text = text.substr(0, text.find(' '));
    }
    if (text.empty()) {
        return std::optional<Version>();
    }
    auto version = Version::parse(text);
    if (!version.has_value()) {
        return fail(Errc::corrupt, "the store says it is at version '{}'", text);
    }
    return std::optional<Version>(*std::move(version));
}

std::string remembered_by_new_store(const std::vector<Migration>& known, const Version& version)
{
    std::vector<Done> done;
    for (const auto& migration : known) {
        if (migration.version <= version) {
            done.push_back({migration});
        }
    }
    return to_text(done_json(done));
}

Result<StoreImage> read_store(std::string_view bytes)
{
    TRY_ASSIGN(auto database, Database::from_bytes(bytes));
    StoreImage image;
    TRY_ASSIGN(image.rows, read_rows(database));
    TRY_ASSIGN(image.done, read_done(database).while_("the migrations that the store remembers"));
    return image;
}

Result<std::string> write_store(std::string_view bytes, const StoreImage& image,
                                const Version& version)
{
    TRY_ASSIGN(auto database, Database::from_bytes(bytes));
    {
        TRY_ASSIGN(auto change, Transaction::begin(database));
        TRY(write_rows(database, image.rows));
        TRY(set_note(database, version_note, version.str()));
        TRY(set_note(database, migrations_note, to_text(done_json(image.done))));
        TRY(change.commit());
    }
    TRY(compact(database));
    return database.to_bytes();
}

} // namespace holdfast::store
