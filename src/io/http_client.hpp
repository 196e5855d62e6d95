#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace holdfast::io {

/// A part of a file: `length` bytes (at least 1) from `offset`.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    auto operator<=>(const ByteRange&) const = default;
};

/// What a fetch of so many bytes may take: a minute, and a second for each 16 KiB. Whatever is run
/// for a fetch may be ended after 6 hours, and a fetch shall be able to say why it failed.
constexpr std::chrono::milliseconds fetch_deadline(std::uint64_t bytes)
{
    constexpr std::uint64_t slowest_bytes_per_second = 16 << 10;
    constexpr std::chrono::seconds longest = std::chrono::hours(5);
    const auto seconds = bytes / slowest_bytes_per_second + 60;
    return seconds < static_cast<std::uint64_t>(longest.count()) ? std::chrono::seconds(seconds)
                                                                 : longest;
}

/// What to fetch, and what it may cost. There is no fetch without a cap and a deadline.
struct HttpFetch {
    std::string url;                     ///< http, https or file.
    std::optional<ByteRange> range = {}; ///< A server that ignores it is `unsupported`.
    std::uint64_t most_bytes = 0;        ///< More body bytes than this are `too_large`.
    std::chrono::milliseconds deadline{30'000}; ///< For the whole fetch, tries included.
};

/// What a fetch that succeeded was like.
struct HttpReply {
    std::uint64_t body_bytes = 0;
    std::uint64_t wire_bytes = 0; ///< Headers and body, both ways, all tries; 0 for file URLs.
};

/// Takes the body piece by piece, in order. Its failure ends the fetch and is the fetch's failure.
using ByteSink = std::function<Result<void>(std::span<const std::byte>)>;

/// Gets files from servers. Connections are kept between fetches. Temporary failures (5xx, a
/// connection that breaks) are tried again with growing pauses, going on where the body broke off,
/// so a sink never sees a byte twice.
class HttpClient {
public:
    virtual ~HttpClient() = default;

    /// Blocks until the body has ended. Errors: `not_found` for 403, 404, 410 and a missing file;
    /// `unsupported` when a range was asked for and the server sent something else; `too_large`;
    /// `timeout` when the deadline passed; `invalid` for a URL that cannot be used; `io` for the
    /// rest. Messages name the URL.
    virtual Result<HttpReply> fetch(const HttpFetch& request, const ByteSink& sink) = 0;
};

} // namespace holdfast::io
