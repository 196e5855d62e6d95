#pragma once

#include "store/migration/notes.hpp"

namespace holdfast::store {

/// What a migration changes of a store.
struct StoreImage {
    Rows rows;
    std::vector<Done> done; ///< Oldest first.
    Aside aside{};
};

/// Whether this is a database without any content, which a power cut while a store is made leaves
/// behind: SQLite makes the file before the first commit. Errors: `corrupt`.
Result<bool> is_empty_store(std::string_view bytes);

/// The version that the store was brought to last; nothing for one that no image has adopted.
/// `bytes` is the store's file. Errors: `corrupt`.
Result<std::optional<Version>> version_of_store(std::string_view bytes);

/// Errors: `corrupt`, `invalid`. What is aside is left out where it cannot be read: it must not
/// cost the settings that count.
Result<StoreImage> read_store(std::string_view bytes);

/// The file with the rows replaced, marked as being at `version`, and no larger than it need be.
/// The log of changes and reports stay.
Result<std::string> write_store(std::string_view bytes, const StoreImage& image,
                                const Version& version);

} // namespace holdfast::store
