#include "api/client/http_exchange.hpp"

// Only the parser: the event loop of Asio would cost more than the whole rest at start-up.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>

namespace holdfast::api {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;

/// The target comes from the user; a line break in it must not become a header.
Result<std::string> request_text(const HttpQuestion& question)
{
    for (const char c : question.target + question.method + question.host) {
        if (c <= ' ' || c == 0x7f) {
            return fail(Errc::invalid, "a URI cannot hold spaces or control characters");
        }
    }
    auto text = std::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n"
                            "User-Agent: apiclient\r\n",
                            question.method, question.target, question.host);
    if (!question.body.empty() || question.method != "GET") {
        text += std::format("Content-Type: application/json\r\nContent-Length: {}\r\n",
                            question.body.size());
    }
    return text + "\r\n" + question.body;
}

/// Gives the parser what came and keeps what it did not take.
Result<void> parse_some(Parser& parser, std::string& pending)
{
    while (!pending.empty() && !parser.is_done()) {
        beast::error_code problem;
        const auto used = parser.put(boost::asio::buffer(pending), problem);
        pending.erase(0, used);
        if (problem == http::error::need_more) {
            return {};
        }
        if (problem == http::error::body_limit) {
            return fail(Errc::too_large, "the reply is too large");
        }
        if (problem) {
            return fail(Errc::corrupt, "the reply is not HTTP: {}", problem.message());
        }
    }
    return {};
}

Result<void> read_reply(io::ByteStream& stream, Parser& parser)
{
    std::array<char, 16 * 1024> buffer{};
    std::string pending;
    while (!parser.is_done()) {
        TRY_ASSIGN(const auto count, stream.read_some(buffer));
        if (count == 0) {
            beast::error_code problem;
            parser.put_eof(problem);
            if (problem || !parser.is_done()) {
                return fail(Errc::io, "the connection ended before the reply did");
            }
            return {};
        }
        pending.append(buffer.data(), count);
        TRY(parse_some(parser, pending));
    }
    return {};
}

} // namespace

Result<HttpReply> exchange_http(io::ByteStream& stream, const HttpQuestion& question)
{
    TRY_ASSIGN(const auto text, request_text(question));
    // A server that refuses a long body early closes its end, but has said why.
    const auto sent = stream.write_all(text);
    Parser parser;
    parser.body_limit(question.reply_limit);
    // Without eager, one put() stops after the header and wants to be called again without data.
    parser.eager(true);
    const auto received = read_reply(stream, parser);
    if (!received.has_value()) {
        return Failure{sent.has_value() ? received.error() : sent.error()};
    }
    auto& reply = parser.get();
    const auto location = reply[http::field::location];
    return HttpReply{static_cast<int>(reply.result_int()), std::move(reply.body()),
                     std::string(location)};
}

} // namespace holdfast::api
