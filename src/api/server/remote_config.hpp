#pragma once

#include "api/server/http_server.hpp"
#include "base/error.hpp"

#include <optional>
#include <string_view>

namespace holdfast::api {

/// Reads /etc/apiserver/remote.json: {"enabled": bool, "port": n, "client-ca": PEM,
/// "server-certificate": PEM, "server-key": PEM}. Nothing when it says disabled.
/// Errors: `invalid` naming the member; the key's text is in no message.
Result<std::optional<RemoteAddress>> parse_remote_config(std::string_view text);

} // namespace holdfast::api
