#include "store/compact.hpp"

namespace holdfast::store {

namespace {

constexpr std::int64_t much_free_room = 1 << 20;

Result<bool> is_worth_it(Database& database)
{
    TRY_ASSIGN(const auto has_values,
               database.number("SELECT EXISTS (SELECT 1 FROM audit WHERE old IS NOT NULL OR new <> "
                               "'')"));
    TRY_ASSIGN(const auto free_pages, database.number("PRAGMA freelist_count"));
    TRY_ASSIGN(const auto page_size, database.number("PRAGMA page_size"));
    return has_values != 0 || free_pages * page_size >= much_free_room;
}

} // namespace

Result<void> forget_oldest_changes(Database& database)
{
    // 64 bytes are for what a row has beside its texts.
    return database.execute(
        "DELETE FROM audit WHERE id <= (SELECT max(id) FROM (SELECT id, sum(64 + octet_length(tx) "
        "+ "
        "octet_length(key) + octet_length(who)) OVER (ORDER BY id DESC) AS bytes FROM audit) WHERE "
        "bytes > 1048576)");
}

Result<void> compact(Database& database)
{
    {
        TRY_ASSIGN(auto change, Transaction::begin(database));
        TRY(database.execute("UPDATE audit SET old = NULL, new = substr(new, 1, 0) "
                             "WHERE old IS NOT NULL OR new <> ''"));
        TRY(forget_oldest_changes(database));
        TRY(change.commit());
    }
    return database.execute("PRAGMA temp_store = MEMORY; VACUUM");
}

Result<std::optional<std::string>> compacted(std::string_view bytes)
{
    TRY_ASSIGN(auto database, Database::from_bytes(bytes));
    TRY_ASSIGN(const bool worth_it, is_worth_it(database));
    if (!worth_it) {
        return std::optional<std::string>();
    }
    TRY(compact(database));
    TRY_ASSIGN(auto smaller, database.to_bytes());
    return std::optional(std::move(smaller));
}

} // namespace holdfast::store
