#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::store {

/// A prepared statement of a `Database`, which must outlive it. Parameters count from 1, columns
/// from 0, as in SQLite.
class Statement {
public:
    Statement& bind(int parameter, std::string_view text);
    Statement& bind(int parameter, std::int64_t number);
    Statement& bind(int parameter, const std::optional<std::string>& text);

    /// True with a row in hand, false at the end.
    Result<bool> step();
    /// Runs to the end and makes it ready for the next set of parameters.
    Result<void> run();
    void reset();

    std::string text(int column) const;
    std::optional<std::string> optional_text(int column) const;
    std::int64_t number(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One SQLite file. Errors: `io`, `no_space`, `denied`, `locked` (another process has it), or
/// `corrupt` for a file that is no database.
class Database {
public:
    /// `vfs` names another SQLite file layer than the system's; tests cut the power with one.
    static Result<Database> open(const std::filesystem::path& path, const char* vfs = nullptr);

    /// A database in memory, with the content of a file that nobody has open and that no journal
    /// lies beside.
    static Result<Database> from_bytes(std::string_view bytes);
    /// What its file would hold.
    Result<std::string> to_bytes();

    /// Runs statements without parameters and results.
    Result<void> execute(const char* sql);
    Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row as a number.
    Result<std::int64_t> number(std::string_view sql);

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    explicit Database(sqlite3* database) : database_(database) {}
    std::unique_ptr<sqlite3, Close> database_;
};

/// BEGIN IMMEDIATE … COMMIT; without `commit()` everything is rolled back at the end.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    /// On success the change is on the disk. On failure nothing of it is.
    Result<void> commit();

    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr))
    {
    }
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

} // namespace holdfast::store
