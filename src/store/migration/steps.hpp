#pragma once

#include "store/migration/migration.hpp"
#include "store/store.hpp"

namespace holdfast::store {

/// All values of a store: by key and source.
using Rows = std::map<std::pair<std::string, Source>, Stored>;

/// Changes the rows as the migration says. Returns what it took away or wrote over, which
/// `undo` needs: nothing of a person's is lost by going forth and back.
Rows apply(const Migration& migration, Rows& rows);

/// Takes `apply` back, the last step first. What was changed in between keeps its change, under
/// the old name; `lost` comes back where nothing is in its place.
void undo(const Migration& migration, const Rows& lost, Rows& rows);

} // namespace holdfast::store
