#include "api/server/router.hpp"

#include "api/server/http_status.hpp"
#include "base/log.hpp"

namespace holdfast::api {

void Router::add(std::string method, std::string path, Handler handler)
{
    const auto [where, is_new] =
        handlers_.try_emplace({std::move(method), std::move(path)}, std::move(handler));
    check(is_new, "one handler per method and path");
}

Response Router::handle(const Request& request) const
{
    const auto found = handlers_.find({request.method, request.target.path});
    // A wrong method on a known path is 404 too, as in the reference.
    if (found == handlers_.end()) {
        return error_response(
            Error(Errc::not_found,
                  std::format("No such resource: {} {}", request.method, request.target.path)));
    }
    auto response = found->second(request);
    if (response.has_value()) {
        return *std::move(response);
    }
    auto answer = error_response(response.error());
    if (answer.status >= 500) {
        log::error("request failed", {{"method", request.method},
                                      {"path", request.target.path},
                                      {"problem", response.error().message()}});
    }
    return answer;
}

Response error_response(const Error& error)
{
    return {http_status(error.code()), "text/plain; charset=utf-8", error.message()};
}

} // namespace holdfast::api
