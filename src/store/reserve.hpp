#pragma once

#include "io/files.hpp"

namespace holdfast::store {

/// Room on the disk of the settings store that nothing else can take. Even to take a value away
/// needs some: its pages are kept in a journal until they are overwritten. So whatever fills the
/// disk, settings can be unset, an image can take the store over, and a migration can replace it.
///
/// Enough for the largest value, a request's two mebibytes, with the pages around it.
inline constexpr std::size_t reserve_size = 3U << 20;

/// `folder`: above that of the store.
std::filesystem::path reserve_file(const std::filesystem::path& folder);
/// Makes the file where it is missing and there is room for it.
Result<void> keep_reserve(io::Files& files, const std::filesystem::path& folder);
/// Gives the room away.
Result<void> give_reserve(io::Files& files, const std::filesystem::path& folder);

} // namespace holdfast::store
