#include "api/server/http_session.hpp"

namespace holdfast::api {

namespace {

HttpResponse to_http(Response response, unsigned version, bool keep_alive)
{
    HttpResponse reply(static_cast<http::status>(response.status), version);
    reply.set(http::field::server, "holdfast");
    if (!response.content_type.empty()) {
        reply.set(http::field::content_type, response.content_type);
    }
    reply.keep_alive(keep_alive);
    reply.body() = std::move(response.body);
    reply.prepare_payload();
    return reply;
}

Response respond(const Router& router, HttpRequest request, Caller caller)
{
    const std::string_view target(request.target().data(), request.target().size());
    auto parsed = parse_target(target);
    if (!parsed.has_value()) {
        return error_response(parsed.error());
    }
    const auto type = request[http::field::content_type];
    return router.handle({std::string(request.method_string()), *std::move(parsed),
                          std::string(type), std::move(request.body()), std::move(caller)});
}

/// A named coroutine, because what it works on lives in its frame, on the worker.
asio::awaitable<Response> respond_on_worker(const Router& router, HttpRequest request,
                                            Caller caller)
{
    co_return respond(router, std::move(request), std::move(caller));
}

} // namespace

asio::awaitable<HttpResponse> answer(Service& service, HttpRequest request, Caller caller)
{
    const auto version = request.version();
    const bool keep_alive = request.keep_alive();
    auto response = co_await asio::co_spawn(
        service.worker, respond_on_worker(service.router, std::move(request), std::move(caller)),
        asio::use_awaitable);
    co_return to_http(std::move(response), version, keep_alive);
}

std::optional<HttpResponse> reply_to_broken(beast::error_code problem)
{
    if (problem == http::error::body_limit) {
        return to_http({413, "text/plain; charset=utf-8", "The request body is too large"}, 11,
                       false);
    }
    if (problem == http::error::header_limit) {
        return to_http({431, "text/plain; charset=utf-8", "The request header is too large"}, 11,
                       false);
    }
    const bool is_syntax =
        problem.category() == http::make_error_code(http::error::bad_target).category() &&
        problem != http::error::end_of_stream && problem != http::error::partial_message;
    if (is_syntax) {
        return to_http({400, "text/plain; charset=utf-8", "This is not HTTP/1.1"}, 11, false);
    }
    return std::nullopt;
}

} // namespace holdfast::api
