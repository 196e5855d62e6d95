#pragma once

#include "store/migration/steps.hpp"

namespace holdfast::store {

// What the store of a machine remembers of migrations, as JSON texts (`Store::note`). Images of
// other versions read what this one wrote, and the other way round: unknown members are passed
// over.

/// A migration that was applied, with what is needed to take it back.
struct Done {
    Migration migration;
    Traces traces{};
};

/// The migrations that the store remembers, oldest first.
inline constexpr std::string_view migrations_note = "migrations";

std::string done_text(const std::vector<Done>& done);
/// Nothing was done where there is no text. Errors: `invalid`.
Result<std::vector<Done>> parse_done(std::string_view text);

/// A row that the version of the store does not take, and why not, for people.
struct Refused {
    Stored stored;
    std::string why;
};
/// Such rows, under the names of that version: they count for nothing, and take part in the next
/// way to another version.
using Aside = std::map<Place, Refused>;

inline constexpr std::string_view aside_note = "aside";

std::string aside_text(const Aside& aside);
/// Errors: `invalid`.
Result<Aside> parse_aside(std::string_view text);

/// The note of migrations for a store which is made at this version: it is as if it had come here
/// by the image's migrations, so that an older version can take those back. `known`: oldest first.
std::string remembered_by_new_store(const std::vector<Migration>& known, const Version& version);

} // namespace holdfast::store
