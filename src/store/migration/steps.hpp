#pragma once

#include "store/migration/migration.hpp"
#include "store/store.hpp"

#include <set>

namespace holdfast::store {

/// All values of a store: by key and source.
using Rows = std::map<std::pair<std::string, Source>, Stored>;

/// Of the keys that a step which moves rows found in its target: from which sources it brought rows
/// to each. All other rows of such a key were there before, or were set since over one that was.
using Shared = std::map<std::string, std::set<Source>>;

/// What a migration met, which its undoing needs: nothing of a person's is lost by going forth and
/// back.
struct Traces {
    Rows lost{};                          ///< What it took away or wrote over.
    std::map<std::size_t, Shared> shared{}; ///< By the number of the step, from 0.
};

/// Changes the rows as the migration says.
Traces apply(const Migration& migration, Rows& rows);

/// Takes `apply` back, the last step first. What was changed in between keeps its change, under
/// the old name; rows that `apply` found in the target of a move stay there; what was lost comes
/// back where nothing is in its place.
void undo(const Migration& migration, const Traces& traces, Rows& rows);

} // namespace holdfast::store
