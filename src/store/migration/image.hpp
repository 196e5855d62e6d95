#pragma once

#include "store/migration/steps.hpp"

namespace holdfast::store {

/// A migration that was applied, with what is needed to take it back.
struct Done {
    Migration migration;
    Traces traces{};
};

/// What a migration changes of a store.
struct StoreImage {
    Rows rows;
    std::vector<Done> done; ///< Oldest first.
};

/// The note of a store (`Store::note`) with the migrations that it remembers.
inline constexpr std::string_view migrations_note = "migrations";

/// That note for a store which is made at this version: it is as if it had come here by the image's
/// migrations, so that an older version can take those back. `known`: oldest first.
std::string remembered_by_new_store(const std::vector<Migration>& known, const Version& version);

/// The version that the store was brought to last; nothing for one that no image has adopted.
/// `bytes` is the store's file. Errors: `corrupt`.
Result<std::optional<Version>> version_of_store(std::string_view bytes);

/// Errors: `corrupt`.
Result<StoreImage> read_store(std::string_view bytes);

/// The file with the rows replaced, marked as being at `version`, and no larger than it need be.
/// The log of changes and reports stay.
Result<std::string> write_store(std::string_view bytes, const StoreImage& image,
                                const Version& version);

} // namespace holdfast::store
