#include "store/store.hpp"

#include "store/compact.hpp"
#include "store_schema.hpp"

#include <algorithm>
#include <set>

namespace holdfast::store {

/// What a transaction will do to one layer of one key.
struct PendingRow {
    std::string key;
    Source source;
    std::optional<std::string> value; ///< Nothing: take it away.
    std::string who;
    std::int64_t at;
    Strength strength;
};

namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::string_view version_note = "os-version";

Values values_of(const std::map<std::string, Stored>& stored_values)
{
    Values values;
    for (const auto& [key, stored] : stored_values) {
        values.emplace_hint(values.end(), key, stored.value);
    }
    return values;
}

/// The columns value, source, who, at, strong from `first` on.
Stored stored_of(const Statement& row, int first)
{
    return {row.text(first),
            {static_cast<Source>(row.number(first + 1)), row.text(first + 2),
             std::chrono::sys_seconds(std::chrono::seconds(row.number(first + 3))),
             static_cast<Strength>(row.number(first + 4))}};
}

Result<std::vector<PendingRow>> pending_rows(Database& database, std::string_view transaction)
{
    TRY_ASSIGN(auto rows, database.prepare("SELECT key, source, value, who, at, strong "
                                           "FROM pending WHERE tx = ? ORDER BY key, source"));
    rows.bind(1, transaction);
    std::vector<PendingRow> found;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return found;
        }
        found.push_back({rows.text(0), static_cast<Source>(rows.number(1)), rows.optional_text(2),
                         rows.text(3), rows.number(4), static_cast<Strength>(rows.number(5))});
    }
}

Result<Values> layer(Database& database, Source source)
{
    TRY_ASSIGN(auto rows, database.prepare("SELECT key, value FROM live WHERE source = ?"));
    rows.bind(1, static_cast<std::int64_t>(source));
    Values values;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return values;
        }
        values.emplace(rows.text(0), rows.text(1));
    }
}

Result<void> write_pending(Database& database, std::string_view transaction,
                           std::span<const PendingRow> rows)
{
    TRY_ASSIGN(auto insert,
               database.prepare("INSERT OR REPLACE INTO pending (tx, key, source, value, who, at, "
                                "strong) VALUES (?, ?, ?, ?, ?, ?, ?)"));
    TRY_ASSIGN(auto change, Transaction::begin(database));
    for (const auto& row : rows) {
        insert.bind(1, transaction)
            .bind(2, std::string_view(row.key))
            .bind(3, static_cast<std::int64_t>(row.source))
            .bind(4, row.value)
            .bind(5, std::string_view(row.who))
            .bind(6, row.at)
            .bind(7, static_cast<std::int64_t>(row.strength));
        TRY(insert.run());
    }
    return change.commit();
}

Result<void> forget_pending(Database& database, std::string_view transaction)
{
    TRY_ASSIGN(auto forget, database.prepare("DELETE FROM pending WHERE tx = ?"));
    forget.bind(1, transaction);
    return forget.run();
}

/// Changes one layer's value of one key and logs that, or leaves what is so already. Must run
/// inside a transaction.
class LayerWriter {
public:
    static Result<LayerWriter> prepare(Database& database)
    {
        TRY_ASSIGN(auto find, database.prepare("SELECT value, strong FROM live WHERE key = ? AND "
                                               "source = ?"));
        TRY_ASSIGN(auto put, database.prepare("INSERT OR REPLACE INTO live (key, source, who, at, "
                                              "value, strong) VALUES (?, ?, ?, ?, ?, ?)"));
        TRY_ASSIGN(auto take, database.prepare("DELETE FROM live WHERE key = ? AND source = ?"));
        TRY_ASSIGN(auto log, database.prepare("INSERT INTO audit (key, source, who, at, new, tx) "
                                              "VALUES (?, ?, ?, ?, ?, ?)"));
        return LayerWriter(std::move(find), std::move(put), std::move(take), std::move(log));
    }

    Result<void> write(const PendingRow& row, std::string_view transaction)
    {
        TRY_ASSIGN(const bool is_there, is_there_already(row));
        if (is_there) {
            return {};
        }
        std::optional<std::string> logged;
        if (row.value.has_value()) {
            logged = "";
            bind_row(put_, row).bind(5, row.value).bind(6, static_cast<std::int64_t>(row.strength));
            TRY(put_.run());
        } else {
            bind_place(take_, row);
            TRY(take_.run());
        }
        bind_row(log_, row).bind(5, logged).bind(6, transaction);
        return log_.run();
    }

private:
    LayerWriter(Statement find, Statement put, Statement take, Statement log)
        : find_(std::move(find)), put_(std::move(put)), take_(std::move(take)), log_(std::move(log))
    {
    }

    Result<bool> is_there_already(const PendingRow& row)
    {
        bind_place(find_, row);
        TRY_ASSIGN(const bool found, find_.step());
        const bool is_same = found ? row.value == find_.text(0) &&
                                         static_cast<std::int64_t>(row.strength) == find_.number(1)
                                   : !row.value.has_value();
        find_.reset();
        return is_same;
    }

    static Statement& bind_place(Statement& statement, const PendingRow& row)
    {
        return statement.bind(1, std::string_view(row.key))
            .bind(2, static_cast<std::int64_t>(row.source));
    }
    static Statement& bind_row(Statement& statement, const PendingRow& row)
    {
        return bind_place(statement, row).bind(3, std::string_view(row.who)).bind(4, row.at);
    }

    Statement find_;
    Statement put_;
    Statement take_;
    Statement log_;
};

Result<std::int64_t> size_of_settings(Database& database)
{
    return database.number("SELECT sum(octet_length(key) + octet_length(value)) FROM live "
                           "WHERE source <> 0");
}

/// A store that is too large already may become smaller step by step.
Result<void> check_size(Database& database, std::int64_t before)
{
    TRY_ASSIGN(const auto size, size_of_settings(database));
    if (size > Store::largest && size > before) {
        return fail(
            Errc::too_large,
            "All settings together may take {} bytes, these would take {}; unset some first",
            Store::largest, size);
    }
    return {};
}

bool takes_only_away(std::span<const PendingRow> rows)
{
    return std::ranges::none_of(rows, [](const auto& row) { return row.value.has_value(); });
}

/// The change, and once more with room made for it where the disk was full.
template <typename Change>
auto with_room(Change change, const std::function<void()>& make_room)
{
    auto done = change();
    if (!done.has_value() && done.error().code() == Errc::no_space && make_room) {
        make_room();
        done = change();
    }
    return done;
}

/// Whether `other` is `key` or lies below it, segment by segment.
bool contains(const Key& key, const Key& other)
{
    const auto& outer = key.segments();
    const auto& inner = other.segments();
    return outer.size() <= inner.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

/// The rule of api.md §6: a weak value never replaces a strong one that is there.
Result<void> check_strength(const std::map<std::string, Stored>& live, const PendingRow& row)
{
    const auto present = live.find(row.key);
    if (row.value.has_value() && row.strength == Strength::weak && present != live.end() &&
        present->second.provenance.strength == Strength::strong) {
        return fail(Errc::internal,
                    "Data store error during commit: Cannot change setting {} from strong to weak",
                    row.key);
    }
    return {};
}

} // namespace

std::string_view name(Source source)
{
    switch (source) {
    case Source::defaults: return "default";
    case Source::generator: return "generator";
    case Source::user_data: return "user-data";
    case Source::api: return "api";
    }
    return "unknown";
}

Result<Source> parse_source(std::string_view text)
{
    for (const auto source :
         {Source::defaults, Source::generator, Source::user_data, Source::api}) {
        if (text == name(source)) {
            return source;
        }
    }
    return fail(Errc::invalid, "Unknown source '{}', expected generator, user-data or api", text);
}

std::string_view name(Strength strength)
{
    return strength == Strength::weak ? "weak" : "strong";
}

Result<Strength> parse_strength(std::string_view text)
{
    if (text == "strong") {
        return Strength::strong;
    }
    if (text == "weak") {
        return Strength::weak;
    }
    return fail(Errc::invalid, "Unknown strength '{}', expected strong or weak", text);
}

Result<Store> Store::open(const std::filesystem::path& directory, io::Clock& clock, const char* vfs)
{
    TRY_ASSIGN(auto database, Database::open(directory / "settings.sqlite", vfs));
    Store store(std::move(database), clock);
    TRY(store.prepare_tables().while_("opening the settings store"));
    TRY(store.load_live());
    return store;
}

Result<void> Store::prepare_tables()
{
    // Exclusive: a second server on the same store is a mistake that must show at once. While it
    // holds that lock SQLite would not delete a journal, but keep it with the old values in it.
    // Zeros over what is deleted: a secret that was replaced is in no file.
    TRY(database_.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE; "
                          "PRAGMA synchronous = EXTRA; PRAGMA trusted_schema = OFF; "
                          "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"));
    TRY(database_.execute(pending_schema));
    TRY_ASSIGN(auto change, Transaction::begin(database_));
    TRY_ASSIGN(const auto version, database_.number("PRAGMA user_version"));
    if (version > schema_version) {
        return fail(Errc::unsupported, "the store has version {}, this program knows {}", version,
                    schema_version);
    }
    if (version == 0) {
        TRY(database_.execute(schema));
        TRY(database_.execute("PRAGMA user_version = 1"));
    }
    return change.commit();
}

Result<std::map<std::string, Stored>> Store::read_live()
{
    TRY_ASSIGN(auto rows, database_.prepare("SELECT key, value, source, who, at, strong FROM live "
                                            "ORDER BY source"));
    std::map<std::string, Stored> loaded;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            break;
        }
        // Later sources come later and cover the earlier ones.
        loaded.insert_or_assign(rows.text(0), stored_of(rows, 1));
    }
    return loaded;
}

Result<void> Store::load_live()
{
    TRY_ASSIGN(live_, read_live());
    return {};
}

std::int64_t Store::now() const
{
    return std::chrono::duration_cast<std::chrono::seconds>(clock_->now().time_since_epoch())
        .count();
}

Result<void> Store::adopt_image(std::string_view os_version, const Values& defaults)
{
    TRY_ASSIGN(const auto last_version, note(version_note));
    TRY_ASSIGN(const auto old, layer(database_, Source::defaults));
    const bool new_version = last_version != os_version;
    if (!new_version && old == defaults) {
        return {};
    }
    TRY(with_room([&] { return replace_defaults(os_version, defaults, new_version); }, make_room_));
    return load_live();
}

Result<void> Store::replace_defaults(std::string_view os_version, const Values& defaults,
                                     bool new_version)
{
    TRY_ASSIGN(auto change, Transaction::begin(database_));
    if (new_version) {
        TRY(database_.execute("DELETE FROM live WHERE strong = 0"));
        TRY(set_note(version_note, os_version));
    }
    TRY_ASSIGN(auto old, layer(database_, Source::defaults));
    TRY_ASSIGN(auto writer, LayerWriter::prepare(database_));
    const auto who = std::format("image {}", os_version);
    for (const auto& [key, value] : defaults) {
        old.erase(key);
        TRY(writer.write({key, Source::defaults, value, who, now(), Strength::strong}, "image"));
    }
    for (const auto& [key, value] : old) {
        TRY(writer.write({key, Source::defaults, {}, who, now(), Strength::strong}, "image"));
    }
    TRY(forget_oldest_changes(database_));
    return change.commit();
}

Result<void> Store::patch(std::string_view transaction, const Values& values, const Author& author,
                          Strength strength)
{
    std::vector<PendingRow> rows;
    for (const auto& [key, value] : values) {
        rows.push_back({key, author.source, value, author.who, now(), strength});
    }
    return write_pending(database_, transaction, rows);
}

Result<void> Store::unset(std::string_view transaction, std::span<const Key> keys,
                          const Author& author)
{
    TRY_ASSIGN(const auto set, layer(database_, Source::api));
    std::vector<PendingRow> rows;
    for (const auto& key : keys) {
        const auto before = rows.size();
        for (const auto& [found, value] : set) {
            const auto parsed = Key::parse(found);
            if (parsed.has_value() && contains(key, *parsed)) {
                rows.push_back({found, Source::api, {}, author.who, now(), Strength::strong});
            }
        }
        if (rows.size() == before) {
            return fail(Errc::not_found, "{} was not set through the API", key.str());
        }
    }
    return write_pending(database_, transaction, rows);
}

Result<std::vector<std::string>> Store::transactions()
{
    TRY_ASSIGN(auto rows, database_.prepare("SELECT DISTINCT tx FROM pending ORDER BY tx"));
    std::vector<std::string> names;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return names;
        }
        names.push_back(rows.text(0));
    }
}

Result<std::map<std::string, Stored>> Store::pending(std::string_view transaction)
{
    TRY_ASSIGN(auto rows, database_.prepare("SELECT key, value, source, who, at, strong FROM "
                                            "pending WHERE tx = ? AND value IS NOT NULL "
                                            "ORDER BY source"));
    rows.bind(1, transaction);
    std::map<std::string, Stored> found;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return found;
        }
        found.insert_or_assign(rows.text(0), stored_of(rows, 1));
    }
}

Result<std::vector<std::string>> Store::discard(std::string_view transaction)
{
    TRY_ASSIGN(const auto rows, pending_rows(database_, transaction));
    std::set<std::string> keys;
    for (const auto& row : rows) {
        keys.insert(row.key);
    }
    TRY(forget_pending(database_, transaction));
    return std::vector(keys.begin(), keys.end());
}

Result<std::vector<std::string>> Store::commit(std::string_view transaction,
                                               const Approval& approve)
{
    TRY_ASSIGN(const auto rows, pending_rows(database_, transaction));
    if (rows.empty()) {
        return fail(Errc::no_changes, "Tried to commit with no pending changes");
    }
    for (const auto& row : rows) {
        TRY(check_strength(live_, row));
    }
    return with_room([&] { return make_live(rows, transaction, approve); },
                     takes_only_away(rows) ? make_room_ : nullptr);
}

Result<std::vector<std::string>> Store::make_live(std::span<const PendingRow> rows,
                                                  std::string_view transaction,
                                                  const Approval& approve)
{
    std::set<std::string> keys;
    std::vector<std::string> api_keys;
    TRY_ASSIGN(auto change, Transaction::begin(database_));
    TRY_ASSIGN(const auto size_before, size_of_settings(database_));
    TRY_ASSIGN(auto writer, LayerWriter::prepare(database_));
    for (const auto& row : rows) {
        TRY(writer.write(row, transaction));
        keys.insert(row.key);
        if (row.source == Source::api) {
            api_keys.push_back(row.key);
        }
    }
    TRY(forget_pending(database_, transaction));
    TRY(forget_oldest_changes(database_));
    TRY(check_size(database_, size_before));
    TRY_ASSIGN(auto live, read_live());
    if (approve) {
        TRY(approve({values_of(live), {keys.begin(), keys.end()}, std::move(api_keys)}));
    }
    TRY(change.commit().while_("Data store error during commit"));
    live_ = std::move(live);
    return std::vector(keys.begin(), keys.end());
}

Values Store::live_values() const
{
    return values_of(live_);
}

Result<std::vector<Stored>> Store::layers(std::string_view key)
{
    TRY_ASSIGN(auto rows, database_.prepare("SELECT value, source, who, at, strong FROM live "
                                            "WHERE key = ? ORDER BY source DESC"));
    rows.bind(1, key);
    std::vector<Stored> found;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return found;
        }
        found.push_back(stored_of(rows, 0));
    }
}

Result<std::vector<Change>> Store::changes(std::int64_t limit)
{
    TRY_ASSIGN(auto rows,
               database_.prepare("SELECT at, tx, key, source, who, new IS NULL FROM audit "
                                 "ORDER BY id DESC LIMIT ?"));
    rows.bind(1, limit);
    std::vector<Change> found;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return found;
        }
        found.push_back({std::chrono::sys_seconds(std::chrono::seconds(rows.number(0))),
                         rows.text(1), rows.text(2), static_cast<Source>(rows.number(3)),
                         rows.text(4),
                         rows.number(5) == 0 ? Change::Action::set : Change::Action::unset});
    }
}

Result<std::string> Store::note(std::string_view name)
{
    TRY_ASSIGN(auto row, database_.prepare("SELECT text FROM notes WHERE name = ?"));
    row.bind(1, name);
    TRY_ASSIGN(const bool found, row.step());
    return found ? row.text(0) : std::string();
}

Result<void> Store::set_note(std::string_view name, std::string_view text)
{
    TRY_ASSIGN(auto put,
               database_.prepare("INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)"));
    put.bind(1, name).bind(2, text);
    return put.run();
}

} // namespace holdfast::store
