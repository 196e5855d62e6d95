#pragma once

#include "store/migration/migration.hpp"
#include "store/store.hpp"

#include <set>

namespace holdfast::store {

using Place = std::pair<std::string, Source>;
/// All values of a store: by key and source.
using Rows = std::map<Place, Stored>;

/// Of the keys that a step which moves rows found in its target: from which sources it brought rows
/// to each. All other rows of such a key were there before, or were set since over one that was.
using Shared = std::map<std::string, std::set<Source>>;

/// A value from which the step's own words do not lead back: it was already what others became, or
/// was written otherwise.
struct OddValue {
    std::string before;
    std::string made;
};

/// What a step met, which its undoing needs.
struct StepTraces {
    Rows lost{};                     ///< What it took away or wrote over.
    Shared shared{};                 ///< Of a step that moves rows.
    std::map<Place, OddValue> odd{}; ///< Of a step that changes values.
};

/// What a migration met: nothing of a person's is lost by going forth and back, and what nobody
/// changed in between is as it was. By the number of the step, from 0; steps that met nothing are
/// not in it.
using Traces = std::map<std::size_t, StepTraces>;

/// Changes the rows as the migration says.
Traces apply(const Migration& migration, Rows& rows);

/// Takes `apply` back, the last step first. What was changed in between keeps its change, under
/// the old name; rows that `apply` found in the target of a move stay there; what was lost comes
/// back where nothing is in its place.
void undo(const Migration& migration, const Traces& traces, Rows& rows);

} // namespace holdfast::store
