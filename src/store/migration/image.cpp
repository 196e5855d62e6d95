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

Result<std::vector<Done>> read_done(Database& database)
{
    TRY_ASSIGN(const auto text, note(database, migrations_note));
    return parse_done(text);
}

} // namespace

Result<bool> is_empty_store(std::string_view bytes)
{
    TRY_ASSIGN(auto database, Database::from_bytes(bytes));
    TRY_ASSIGN(const auto tables, database.number("SELECT count(*) FROM sqlite_master"));
    TRY_ASSIGN(const auto schema_version, database.number("PRAGMA user_version"));
    return tables == 0 && schema_version == 0;
}

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

Result<StoreImage> read_store(std::string_view bytes)
{
    TRY_ASSIGN(auto database, Database::from_bytes(bytes));
    StoreImage image;
    TRY_ASSIGN(image.rows, read_rows(database));
    TRY_ASSIGN(image.done, read_done(database).while_("the migrations that the store remembers"));
    TRY_ASSIGN(const auto aside, note(database, aside_note));
    image.aside = parse_aside(aside).value_or(Aside());
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
        TRY(set_note(database, migrations_note, done_text(image.done)));
        TRY(set_note(database, aside_note, aside_text(image.aside)));
        TRY(change.commit());
    }
    TRY(compact(database));
    return database.to_bytes();
}

} // namespace holdfast::store
