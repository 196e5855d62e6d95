#pragma once

#include "api/client/client.hpp"

#include <string>

namespace holdfast::api {

/// The transaction that a boot collects its settings in: user data, generated values.
inline constexpr auto launch_transaction = "bottlerocket-launch";

/// Commits `transaction`, and logs the names of what was pending; nothing pending is a success
/// (api.md, settings-committer). Errors: as `Client::request`.
Result<void> commit_pending(Client& client, const std::string& transaction = launch_transaction);

} // namespace holdfast::api
