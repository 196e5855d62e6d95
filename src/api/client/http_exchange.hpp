#pragma once

#include "io/network.hpp"

#include <string>

namespace holdfast::api {

struct HttpQuestion {
    std::string method = "GET";
    std::string host;
    std::string target;
    std::string body; ///< JSON, where there is one.
    std::size_t reply_limit = 64U << 20;
};

struct HttpReply {
    int status = 0;
    std::string body;
    std::string location; ///< Of a redirect.
};

/// Sends one request and reads its reply to the end; the stream serves nothing after it.
/// Errors: the stream's, `corrupt` for what is no HTTP reply, `too_large`.
Result<HttpReply> exchange_http(io::ByteStream& stream, const HttpQuestion& question);

} // namespace holdfast::api
