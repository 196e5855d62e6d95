#include "store/migrations/migrate.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

#include <algorithm>

namespace holdfast::store::migrations {

namespace {

constexpr auto store_file = "settings.sqlite"; // store.cpp
constexpr auto proven_file = "proven";
/// Notes of the store (table `notes`).
constexpr std::string_view steps_note = "migration/steps";
constexpr std::string_view aside_note = "migration/set-aside";
constexpr std::string_view origin_note = "migration/origin";

// ---- notes as JSON ----

Json steps_to_json(const std::vector<Step>& steps)
{
    Json json = Json::object();
    for (const auto& step : steps) {
        json[step.name] = step.text;
    }
    return json;
}

Result<std::vector<Step>> steps_from_text(std::string_view text)
{
    std::vector<Step> steps;
    if (text.empty()) {
        return steps;
    }
    TRY_ASSIGN(const auto json, parse_json(text, {.bytes = 16U << 20}));
    for (const auto& [name, declaration] : json.items()) {
        if (!declaration.is_string()) {
            return fail(Errc::corrupt, "the store's migrations are damaged");
        }
        TRY_ASSIGN(auto step, parse_step(name, declaration.get<std::string>()));
        steps.push_back(std::move(step));
    }
    return steps;
}

Json row_to_json(const RowKey& place, const Row& row)
{
    return {place.first, place.second, row.value, row.who, row.at, row.strong};
}

std::string aside_to_text(const Contents& contents)
{
    Json json = Json::object();
    for (const auto& [step, rows] : contents.set_aside) {
        json[step] = Json::array();
        for (const auto& [place, row] : rows) {
            json[step].push_back(row_to_json(place, row));
        }
    }
    return to_text(json);
}

Result<void> read_aside(std::string_view text, Contents& contents)
{
    if (text.empty()) {
        return {};
    }
    TRY_ASSIGN(const auto json, parse_json(text, {.bytes = 64U << 20}));
    for (const auto& [step, rows] : json.items()) {
        for (const auto& row : rows) {
            const bool fits = row.is_array() && row.size() == 6 && row[0].is_string() &&
                              row[1].is_number() && row[2].is_string() && row[3].is_string() &&
                              row[4].is_number() && row[5].is_number();
            if (!fits) {
                return fail(Errc::corrupt, "what earlier migrations set aside is damaged");
            }
            contents.set_aside[step][{row[0].get<std::string>(), row[1].get<std::int64_t>()}] =
                Row{row[2].get<std::string>(), row[3].get<std::string>(),
                    row[4].get<std::int64_t>(), row[5].get<std::int64_t>()};
        }
    }
    return {};
}

// ---- the two databases: `main` is the new store, `old` the one that counts ----

Result<std::string> note_of(Database& database, const char* schema, std::string_view name)
{
    TRY_ASSIGN(auto row, database.prepare(
                             std::format("SELECT text FROM {}.notes WHERE name = ?", schema)));
    row.bind(1, name);
    TRY_ASSIGN(const bool found, row.step());
    return found ? row.text(0) : "";
}

Result<void> set_note(Database& database, std::string_view name, std::string_view text)
{
    TRY_ASSIGN(auto put, database.prepare("INSERT OR REPLACE INTO main.notes (name, text) "
                                          "VALUES (?, ?)"));
    put.bind(1, name).bind(2, text);
    return put.run();
}

Result<Rows> read_rows(Database& database)
{
    TRY_ASSIGN(auto rows,
               database.prepare("SELECT key, source, value, who, at, strong FROM old.live"));
    Rows found;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) {
            return found;
        }
        found[{rows.text(0), rows.number(1)}] =
            Row{rows.text(2), rows.text(3), rows.number(4), rows.number(5)};
    }
}

Result<void> write_rows(Database& database, const Rows& rows)
{
    TRY_ASSIGN(auto put, database.prepare("INSERT INTO main.live (key, source, value, who, at, "
                                          "strong) VALUES (?, ?, ?, ?, ?, ?)"));
    for (const auto& [place, row] : rows) {
        put.bind(1, std::string_view(place.first))
            .bind(2, place.second)
            .bind(3, std::string_view(row.value))
            .bind(4, std::string_view(row.who))
            .bind(5, row.at)
            .bind(6, row.strong);
        TRY(put.run());
    }
    return {};
}

/// The running version's steps, and those of the store that counts that it does not know.
std::vector<Step> all_steps(std::vector<Step> ours, std::vector<Step> theirs)
{
    for (auto& step : theirs) {
        const bool known = std::ranges::any_of(
            ours, [&](const Step& other) { return other.id() == step.id(); });
        if (!known) {
            ours.push_back(std::move(step));
        }
    }
    return ours;
}

/// Within a transaction: fills the new store from the old one.
Result<void> convert(Database& database, const Datastore& datastore, const Version& from)
{
    Contents contents;
    TRY_ASSIGN(contents.live, read_rows(database));
    TRY_ASSIGN(const auto aside, note_of(database, "old", aside_note));
    TRY(read_aside(aside, contents));
    TRY_ASSIGN(const auto their_text, note_of(database, "old", steps_note));
    TRY_ASSIGN(auto theirs, steps_from_text(their_text));
    const auto steps = all_steps(datastore.steps, std::move(theirs));
    const auto direction =
        from < datastore.version ? Direction::forward : Direction::backward;
    for (const auto* step : steps_between(steps, from, datastore.version)) {
        apply(*step, direction, contents);
        log::info("settings migrated", {{"step", step->id()},
                                        {"way", direction == Direction::forward ? "forward"
                                                                                : "backward"}});
    }
    TRY(database.execute("DELETE FROM main.live; DELETE FROM main.audit; DELETE FROM main.notes;"
                         "INSERT INTO main.audit SELECT * FROM old.audit;"
                         "INSERT INTO main.notes SELECT * FROM old.notes;"));
    TRY(write_rows(database, contents.live));
    TRY(set_note(database, aside_note, aside_to_text(contents)));
    TRY(set_note(database, steps_note, to_text(steps_to_json(steps))));
    return {};
}

Result<void> migrate(const Datastore& datastore, const std::filesystem::path& target,
                     const Version& from)
{
    const auto source = datastore.folder / from.str() / store_file;
    const auto origin = from.str() + " " + datastore.boot_id;
    TRY_ASSIGN(auto database, Database::open(target / store_file, datastore.vfs));
    TRY(database.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; "
                         "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"));
    TRY_ASSIGN(const auto done, note_of(database, "main", origin_note));
    if (done == origin) {
        return {}; // The server was restarted within this boot; what was set since then counts.
    }
    TRY_ASSIGN(auto attach, database.prepare("ATTACH ? AS old"));
    attach.bind(1, std::string_view(source.native()));
    TRY(attach.run());
    TRY_ASSIGN(auto change, Transaction::begin(database));
    TRY(convert(database, datastore, from));
    TRY(set_note(database, origin_note, origin));
    return change.commit();
}

/// The version whose store counts; nothing on a new machine.
Result<std::optional<Version>> proven_version(io::Files& files, const Datastore& datastore)
{
    const auto text = files.read(datastore.folder / proven_file, 256);
    if (!text.has_value() && text.error().code() == Errc::not_found) {
        return std::nullopt;
    }
    if (!text.has_value()) {
        return Failure{text.error()};
    }
    TRY_ASSIGN(auto version, Version::parse(trimmed(*text))
                                 .while_((datastore.folder / proven_file).native()));
    return version;
}

/// Makes the tables, and keeps the image's steps for a version that one may go back to.
Result<void> make_store(io::Clock& clock, const Datastore& datastore,
                        const std::filesystem::path& target)
{
    TRY_ASSIGN(auto store, Store::open(target, clock, datastore.vfs));
    const auto steps = to_text(steps_to_json(datastore.steps));
    TRY_ASSIGN(const auto known, store.note(steps_note));
    if (known.empty() && !datastore.steps.empty()) {
        TRY(store.set_note(steps_note, steps));
    }
    return {};
}

/// A machine from before stores had versions has its settings in `current`.
Result<void> adopt_unversioned(io::Files& files, const std::filesystem::path& folder,
                               const std::filesystem::path& target)
{
    if (!files.exists(folder / "current" / store_file) || files.exists(target)) {
        return {};
    }
    TRY(files.rename(folder / "current", target));
    return files.flush_directory(folder);
}

} // namespace

Result<std::vector<Step>> read_steps(io::Files& files, const std::filesystem::path& folder)
{
    std::vector<Step> steps;
    const auto names = files.list(folder);
    if (!names.has_value()) {
        return names.error().code() == Errc::not_found
                   ? Result<std::vector<Step>>(std::move(steps))
                   : Result<std::vector<Step>>(Failure{names.error()});
    }
    for (const std::filesystem::path name : *names) {
        if (name.extension() == ".toml") {
            TRY_ASSIGN(const auto text, files.read(folder / name, 1U << 20));
            TRY_ASSIGN(auto step, parse_step(name.stem().native(), text));
            steps.push_back(std::move(step));
        }
    }
    return steps;
}

Result<std::filesystem::path> open_datastore(io::Files& files, io::Clock& clock,
                                             const Datastore& datastore)
{
    // 0700: the store holds keys and passwords.
    const auto target = datastore.folder / datastore.version.str();
    TRY_ASSIGN(const auto proven, proven_version(files, datastore));
    if (!proven) {
        TRY(adopt_unversioned(files, datastore.folder, target));
    }
    TRY(files.create_directories(target, 0700));
    TRY(make_store(clock, datastore, target));
    if (!proven) {
        TRY(mark_proven(files, datastore.folder, datastore.version));
    } else if (*proven != datastore.version) {
        TRY(migrate(datastore, target, *proven)
                .while_(std::format("migrating the settings from {} to {}", proven->str(),
                                    datastore.version.str())));
    }
    return target;
}

Result<void> mark_proven(io::Files& files, const std::filesystem::path& folder,
                         const Version& version)
{
    return io::replace_file(files, folder / proven_file, version.str() + "\n", 0600);
}

} // namespace holdfast::store::migrations
