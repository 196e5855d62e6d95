#pragma once

#include "store/sqlite.hpp"

namespace holdfast::store {

// What keeps the file of a store small.

/// Of the log of changes, keeps the newest mebibyte. To be run in the transaction that wrote to it.
Result<void> forget_oldest_changes(Database& database);

/// The file of a store, as `bytes`, without what earlier images wrote into the log, each value that
/// was ever set, and without pages that hold nothing. Nothing where that would hardly make it
/// smaller. Errors: `corrupt`.
Result<std::optional<std::string>> compacted(std::string_view bytes);

/// The same, in any case, for a database in memory.
Result<void> compact(Database& database);

} // namespace holdfast::store
