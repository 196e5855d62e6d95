#include "store/migration/migrate.hpp"

#include "store/migration/image.hpp"

#include <algorithm>
#include <ranges>

namespace holdfast::store {

namespace {

constexpr auto store_file = "settings.sqlite";
constexpr std::size_t largest_store = 64U << 20U;

std::filesystem::path kept_file(const std::filesystem::path& folder, const Version& version)
{
    return folder / std::format("v{}.sqlite", version.str());
}

/// Oldest first: each version between the two, whatever was skipped.
int go_forward(StoreImage& image, const Version& from, const Version& to,
               const std::vector<Migration>& known)
{
    int count = 0;
    for (const auto& migration : known) {
        if (migration.version > from && migration.version <= to) {
            auto traces = apply(migration, image.rows);
            image.done.push_back({migration, std::move(traces)});
            ++count;
        }
    }
    return count;
}

/// What the migrations have made must be what this version understands. What they left alone is as
/// good as it was, and defaults are the image's own in a moment.
Result<void> check_made(const Rows& before, const Rows& after, const Check& check)
{
    Values made;
    for (const auto& [place, stored] : after) {
        const auto old = before.find(place);
        const bool is_same = old != before.end() && old->second.value == stored.value;
        if (place.second != Source::defaults && !is_same) {
            made.insert_or_assign(place.first, stored.value);
        }
    }
    return check(made).while_("checking what the migrations made of the settings");
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

/// The store that this version left when the machine went on to another, if it is there.
Result<Migrated> restore(io::Files& files, const std::filesystem::path& folder,
                         const Version& from, const Version& to, const std::string& newer,
                         Error problem)
{
    auto old = files.read(kept_file(folder, to), largest_store);
    if (!old.has_value()) {
        return Failure{std::move(problem)};
    }
    TRY(io::replace_file(files, kept_file(folder, from), newer, 0600));
    TRY(io::replace_file(files, folder / "current" / store_file, *old, 0600));
    return Migrated{.from = from, .restored = problem.message()};
}

} // namespace

Result<Migrated> migrate(io::Files& files, const Hooks& hooks,
                         const std::filesystem::path& folder, const Version& to,
                         const std::vector<Migration>& known)
{
    const auto live = folder / "current" / store_file;
    if (!files.exists(live)) {
        return Migrated{};
    }
    TRY(hooks.recover(folder / "current").while_("recovering the settings store"));
    TRY_ASSIGN(const auto bytes, files.read(live, largest_store));
    TRY_ASSIGN(const auto from, version_of_store(bytes).while_("reading the settings store"));
    if (!from.has_value() || *from == to) {
        return Migrated{};
    }
    auto image = read_store(bytes);
    if (!image.has_value()) {
        return restore(files, folder, *from, to, bytes, image.error());
    }
    Migrated migrated{.from = *from};
    if (*from < to) {
        const auto before = image->rows;
        migrated.forward = go_forward(*image, *from, to, known);
        TRY(check_made(before, image->rows, hooks.check));
    } else {
        const auto before = image->rows;
        migrated.backward = go_backward(*image, to);
        if (const auto fits = check_made(before, image->rows, hooks.check); !fits.has_value()) {
            return restore(files, folder, *from, to, bytes, fits.error());
        }
    }
    TRY_ASSIGN(const auto changed, write_store(bytes, *image, to));
    TRY(io::replace_file(files, kept_file(folder, *from), bytes, 0600)
            .while_("keeping the old settings store"));
    TRY(io::replace_file(files, live, changed, 0600).while_("replacing the settings store"));
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
