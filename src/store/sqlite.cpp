#include "store/sqlite.hpp"

#include <algorithm>
#include <sqlite3.h>

namespace holdfast::store {

namespace {

Errc code_of(int status)
{
    switch (status & 0xff) {
    case SQLITE_FULL: return Errc::no_space;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return Errc::denied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::locked;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_MISUSE:
    case SQLITE_ERROR: return Errc::internal;
    default: return Errc::io;
    }
}

Failure<Error> failure(sqlite3* database, int status)
{
    if (code_of(status) == Errc::no_space && database != nullptr) {
        return fail(Errc::no_space, "Data store error: no room for {} and its journal: {}",
                    sqlite3_db_filename(database, "main"), sqlite3_errmsg(database));
    }
    return fail(code_of(status), "Data store error: {}",
                database == nullptr ? sqlite3_errstr(status) : sqlite3_errmsg(database));
}

} // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

Statement& Statement::bind(int parameter, std::string_view text)
{
    const int status = sqlite3_bind_text(statement_.get(), parameter, text.data(),
                                         static_cast<int>(text.size()), SQLITE_TRANSIENT);
    check(status == SQLITE_OK, "a text fits its SQL parameter");
    return *this;
}

Statement& Statement::bind(int parameter, std::int64_t number)
{
    const int status = sqlite3_bind_int64(statement_.get(), parameter, number);
    check(status == SQLITE_OK, "a number fits its SQL parameter");
    return *this;
}

Statement& Statement::bind(int parameter, const std::optional<std::string>& text)
{
    if (text.has_value()) {
        return bind(parameter, std::string_view(*text));
    }
    const int status = sqlite3_bind_null(statement_.get(), parameter);
    check(status == SQLITE_OK, "NULL fits its SQL parameter");
    return *this;
}

Result<bool> Statement::step()
{
    const int status = sqlite3_step(statement_.get());
    if (status == SQLITE_ROW) {
        return true;
    }
    if (status == SQLITE_DONE) {
        return false;
    }
    return failure(sqlite3_db_handle(statement_.get()), status);
}

Result<void> Statement::run()
{
    for (;;) {
        TRY_ASSIGN(const bool more, step());
        if (!more) {
            reset();
            return {};
        }
    }
}

void Statement::reset()
{
    // The status repeats what step() already told.
    (void)sqlite3_reset(statement_.get());
}

std::string Statement::text(int column) const
{
    return optional_text(column).value_or("");
}

std::optional<std::string> Statement::optional_text(int column) const
{
    const auto* bytes = sqlite3_column_text(statement_.get(), column);
    if (bytes == nullptr) {
        return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return std::string(reinterpret_cast<const char*>(bytes), size);
}

std::int64_t Statement::number(int column) const
{
    return sqlite3_column_int64(statement_.get(), column);
}

void Database::Close::operator()(sqlite3* database) const
{
    sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::filesystem::path& path, const char* vfs)
{
    sqlite3* raw = nullptr;
    const int status = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, vfs);
    Database database(raw);
    if (status != SQLITE_OK) {
        return failure(raw, status);
    }
    sqlite3_extended_result_codes(raw, 1);
    return database;
}

Result<Database> Database::from_bytes(std::string_view bytes)
{
    TRY_ASSIGN(auto database, open(":memory:"));
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size() + 1));
    check(copy != nullptr, "there is memory for a settings store");
    std::ranges::copy(bytes, copy);
    const int status =
        sqlite3_deserialize(database.database_.get(), "main", copy, size, size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (status != SQLITE_OK) {
        return failure(database.database_.get(), status);
    }
    return database;
}

Result<std::string> Database::to_bytes()
{
    sqlite3_int64 size = 0;
    auto* bytes = sqlite3_serialize(database_.get(), "main", &size, 0);
    if (bytes == nullptr) {
        return fail(Errc::internal, "Data store error: no copy of a database in memory");
    }
    std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    sqlite3_free(bytes);
    return text;
}

Result<void> Database::execute(const char* sql)
{
    const int status = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (status != SQLITE_OK) {
        return failure(database_.get(), status);
    }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* raw = nullptr;
    const int status = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                          &raw, nullptr);
    if (status != SQLITE_OK) {
        return failure(database_.get(), status);
    }
    return Statement(raw);
}

Result<std::int64_t> Database::number(std::string_view sql)
{
    TRY_ASSIGN(auto statement, prepare(sql));
    TRY_ASSIGN(const bool found, statement.step());
    return found ? statement.number(0) : 0;
}

Result<Transaction> Transaction::begin(Database& database)
{
    TRY(database.execute("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Result<void> Transaction::commit()
{
    TRY(database_->execute("COMMIT"));
    database_ = nullptr;
    return {};
}

Transaction::~Transaction()
{
    if (database_ != nullptr) {
        // SQLite may have rolled back by itself after an I/O error; then this fails, rightly.
        (void)database_->execute("ROLLBACK").has_value();
    }
}

} // namespace holdfast::store
