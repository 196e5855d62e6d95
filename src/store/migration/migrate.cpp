#include "store/migration/migrate.hpp"

#include "store/compact.hpp"
#include "store/migration/image.hpp"
#include "store/reserve.hpp"

#include <algorithm>
#include <ranges>

namespace holdfast::store {

namespace {

constexpr auto store_file = "settings.sqlite";
constexpr std::size_t largest_store = 64U << 20U;

using Paths = std::vector<std::filesystem::path>;

std::filesystem::path live_file(const std::filesystem::path& folder)
{
    return folder / "current" / store_file;
}

std::filesystem::path kept_file(const std::filesystem::path& folder, const Version& version)
{
    return folder / std::format("v{}.sqlite", version.str());
}

/// All stores that were ever kept, also those whose writing a power cut interrupted, but for these.
Paths kept_files_but(io::Files& files, const std::filesystem::path& folder, const Paths& wanted)
{
    Paths found;
    for (const auto& name : files.list(folder).value_or(std::vector<std::string>())) {
        const bool is_kept =
            name.starts_with('v') && (name.ends_with(".sqlite") || name.ends_with(".sqlite.new"));
        if (is_kept && !std::ranges::contains(wanted, folder / name)) {
            found.push_back(folder / name);
        }
    }
    return found;
}

/// Best effort: what stays takes room, and no more.
void remove_files(io::Files& files, const Paths& paths)
{
    for (const auto& path : paths) {
        static_cast<void>(files.remove(path).has_value());
    }
}

/// On a full disk in the room of the files that can be spared, one after the other.
Result<void> replace_store(io::Files& files, const std::filesystem::path& folder,
                           std::string_view content, const Paths& spare)
{
    auto replaced = io::replace_file(files, live_file(folder), content, 0600);
    for (const auto& path : spare) {
        if (replaced.has_value() || replaced.error().code() != Errc::no_space) {
            break;
        }
        TRY(files.remove(path));
        replaced = io::replace_file(files, live_file(folder), content, 0600);
    }
    return std::move(replaced).while_("replacing the settings store");
}

/// The last resort of the version that is left.
Result<void> keep_store(io::Files& files, const std::filesystem::path& folder,
                        const Version& version, const std::string& bytes)
{
    auto smaller = compacted(bytes);
    const bool is_smaller = smaller.has_value() && smaller->has_value();
    return io::replace_file(files, kept_file(folder, version), is_smaller ? **smaller : bytes,
                            0600);
}

std::string not_kept(std::string_view why)
{
    return std::format("the settings store of the version that is left is not kept: {}", why);
}

/// A store at its version may still be larger than it need be.
void shrink(io::Files& files, const std::filesystem::path& folder, const std::string& bytes,
            std::vector<std::string>& warnings)
{
    auto smaller = compacted(bytes);
    if (smaller.has_value() && !smaller->has_value()) {
        return;
    }
    auto spare = kept_files_but(files, folder, {});
    spare.push_back(reserve_file(folder));
    const auto replaced = smaller.has_value() ? replace_store(files, folder, **smaller, spare)
                                              : Result<void>(Failure{smaller.error()});
    if (!replaced.has_value()) {
        warnings.push_back("the settings store stays larger than it need be: " +
                           replaced.error().message());
    }
}

/// Oldest first: each version between the two, whatever was skipped. `companions` go the same way,
/// and leave no traces.
int go_forward(StoreImage& image, Rows& companions, const Version& from, const Version& to,
               const std::vector<Migration>& known)
{
    int count = 0;
    for (const auto& migration : known) {
        if (migration.version > from && migration.version <= to) {
            auto traces = apply(migration, image.rows);
            image.done.push_back({migration, std::move(traces)});
            static_cast<void>(apply(migration, companions));
            ++count;
        }
    }
    return count;
}

int go_backward(StoreImage& image, const Version& to)
{
    int count = 0;
    while (!image.done.empty() && image.done.back().migration.version > to) {
        undo(image.done.back().migration, image.done.back().traces, image.rows);
        image.done.pop_back();
        ++count;
    }
    return count;
}

/// Puts what was aside among the rows where nothing newer is in its place. Returns what it put
/// there.
Rows take_up_aside(StoreImage& image)
{
    Rows taken;
    for (auto& [place, refused] : std::exchange(image.aside, {})) {
        if (image.rows.emplace(place, refused.stored).second) {
            taken.emplace(place, std::move(refused.stored));
        }
    }
    return taken;
}

/// Layer by layer, since each must be fit to count when those above it are taken away. Defaults are
/// the image's own in a moment.
Aside find_refused(const Rows& rows, const Judge& judge)
{
    Aside found;
    for (const auto source : {Source::generator, Source::user_data, Source::api}) {
        Values values;
        for (const auto& [place, stored] : rows) {
            if (place.second == source) {
                values.emplace(place.first, stored.value);
            }
        }
        for (auto& [key, why] : judge(values)) {
            if (const auto row = rows.find({key, source}); row != rows.end()) {
                found.emplace(row->first, Refused{row->second, std::move(why)});
            }
        }
    }
    return found;
}

bool has_value(const Rows& rows, const Place& place, const std::string& value)
{
    const auto row = rows.find(place);
    return row != rows.end() && row->second.value == value;
}

/// On the way forth a migration must not make what this version refuses, of rows that were fine.
Result<void> check_made(const Aside& refused, const Rows& before, const Rows& companions)
{
    for (const auto& [place, row] : refused) {
        if (!has_value(before, place, row.stored.value) &&
            !has_value(companions, place, row.stored.value)) {
            return fail(Errc::invalid, "checking what the migrations made of the settings: {}",
                        row.why);
        }
    }
    return {};
}

void put_aside(StoreImage& image, Aside refused)
{
    for (const auto& [place, row] : refused) {
        image.rows.erase(place);
    }
    // What a new version drops anyway will be made again.
    std::erase_if(refused, [](const auto& row) {
        return row.second.stored.provenance.strength == Strength::weak;
    });
    image.aside = std::move(refused);
}

/// An empty file where the store should be: nothing is lost while the store has never been whole.
/// The reserve and kept stores are made after that only, and what had settings must not go on
/// without them unnoticed.
Result<Migrated> begin_afresh(io::Files& files, const std::filesystem::path& folder)
{
    if (files.exists(reserve_file(folder)) || !kept_files_but(files, folder, {}).empty()) {
        return fail(Errc::corrupt, "the settings store has lost all its content");
    }
    return Migrated{};
}

/// The store that this version left when the machine went on to another, if it is there. A rename
/// needs no room.
Result<Migrated> restore(io::Files& files, const std::filesystem::path& folder, const Version& from,
                         const Version& to, const std::string& newer, Error problem)
{
    if (!files.exists(kept_file(folder, to))) {
        return Failure{std::move(problem)};
    }
    Migrated migrated{.from = from, .restored = problem.message()};
    if (const auto kept = keep_store(files, folder, from, newer); !kept.has_value()) {
        migrated.warnings.push_back(not_kept(kept.error().message()));
    }
    TRY(files.rename(kept_file(folder, to), live_file(folder)));
    TRY(files.flush_directory(folder / "current"));
    TRY(files.flush_directory(folder));
    return migrated;
}

} // namespace

Result<Migrated> migrate(io::Files& files, const Hooks& hooks, const std::filesystem::path& folder,
                         const Version& to, const std::vector<Migration>& known)
{
    if (!files.exists(live_file(folder))) {
        return Migrated{};
    }
    TRY(hooks.recover(folder / "current").while_("recovering the settings store"));
    TRY_ASSIGN(const auto bytes, files.read(live_file(folder), largest_store));
    TRY_ASSIGN(const bool is_empty, is_empty_store(bytes).while_("reading the settings store"));
    if (is_empty) {
        return begin_afresh(files, folder);
    }
    TRY_ASSIGN(const auto from, version_of_store(bytes).while_("reading the settings store"));
    if (!from.has_value() || *from == to) {
        Migrated migrated;
        shrink(files, folder, bytes, migrated.warnings);
        return migrated;
    }
    remove_files(files,
                 kept_files_but(files, folder, {kept_file(folder, *from), kept_file(folder, to)}));
    auto image = read_store(bytes);
    if (!image.has_value()) {
        return restore(files, folder, *from, to, bytes, image.error());
    }
    Migrated migrated{.from = *from};
    const auto before = image->rows;
    auto was_aside = take_up_aside(*image);
    if (*from < to) {
        migrated.forward = go_forward(*image, was_aside, *from, to, known);
    } else {
        migrated.backward = go_backward(*image, to);
    }
    auto refused = find_refused(image->rows, hooks.judge);
    if (*from < to) {
        TRY(check_made(refused, before, was_aside));
    }
    put_aside(*image, std::move(refused));
    migrated.aside = image->aside;
    TRY_ASSIGN(const auto changed, write_store(bytes, *image, to));
    // A disk without room for it must not keep the machine from its settings.
    const auto kept = keep_store(files, folder, *from, bytes);
    // What this version left at its last visit has been read into the store by now.
    TRY(replace_store(files, folder, changed,
                      {kept_file(folder, to), kept_file(folder, *from), reserve_file(folder)}));
    remove_files(files, {kept_file(folder, to)});
    if (!kept.has_value() || !files.exists(kept_file(folder, *from))) {
        migrated.warnings.push_back(
            not_kept(kept.has_value() ? "its room was needed" : kept.error().message()));
    }
    return migrated;
}

Result<std::vector<Migration>> load_migrations(io::Files& files,
                                               const std::filesystem::path& directory)
{
    std::vector<Migration> migrations;
    if (!files.exists(directory)) {
        return migrations;
    }
    TRY_ASSIGN(const auto names, files.list(directory));
    for (const auto& name : names) {
        if (name.ends_with(".toml")) {
            TRY_ASSIGN(const auto text, files.read(directory / name));
            TRY_ASSIGN(auto migration, parse_migration(text).while_((directory / name).native()));
            migrations.push_back(std::move(migration));
        }
    }
    std::ranges::stable_sort(migrations, {}, &Migration::version);
    return migrations;
}

Result<void> recover_store(const std::filesystem::path& directory)
{
    // Reading is enough to make SQLite roll back what a journal holds, and to remove that.
    TRY_ASSIGN(auto database, Database::open(directory / store_file));
    TRY(database.number("SELECT count(*) FROM sqlite_master"));
    return {};
}

} // namespace holdfast::store
