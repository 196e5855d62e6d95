#pragma once

#include "update/tuf/client.hpp"

namespace holdfast::tuf {

/// Fetches the target into `folder`, under its percent-encoded name; the file is there whole and
/// verified, or not at all. Nothing is fetched where it is there already, intact.
Result<void> download(Client& client, io::Files& files, std::string_view target_name,
                      const std::filesystem::path& folder);

} // namespace holdfast::tuf
