#pragma once

#include "io/http_client.hpp"

#include <map>
#include <string>
#include <vector>

namespace holdfast::io {

/// Servers in memory: files by URL, and the ways in which they can be bad. Bodies come in pieces of
/// odd sizes, as they do from sockets.
class FakeHttpClient final : public HttpClient {
public:
    Result<HttpReply> fetch(const HttpFetch& request, const ByteSink& sink) override;

    std::map<std::string, std::vector<std::byte>> files = {};
    /// Whether the server sends parts where parts are asked for.
    bool gives_ranges = true;
    /// After so many body bytes, over all fetches, each fetch fails with `io`.
    std::optional<std::uint64_t> breaks_after = {};
    std::vector<HttpFetch> requests = {}; ///< All that came, the refused ones too.
    std::uint64_t body_bytes = 0;         ///< Sent so far.

private:
    Result<void> send(std::span<const std::byte> body, const ByteSink& sink);
};

} // namespace holdfast::io
