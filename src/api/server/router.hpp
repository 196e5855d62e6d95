#pragma once

#include "api/server/request.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>

namespace holdfast::api {

using Handler = std::function<Result<Response>(const Request&)>;

/// Which handler answers which method and path. Other rooms add theirs before the server starts.
/// Handlers run one at a time on the server's worker thread, so they may block for a moment and
/// need no locks.
class Router {
public:
    void add(std::string method, std::string path, Handler handler);
    /// Never fails: an error becomes its status with the message as plain text.
    Response handle(const Request& request) const;

private:
    std::map<std::pair<std::string, std::string>, Handler> handlers_;
};

/// The answer that tells of an error.
Response error_response(const Error& error);

} // namespace holdfast::api
