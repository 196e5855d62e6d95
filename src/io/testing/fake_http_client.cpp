#include "io/testing/fake_http_client.hpp"

#include <algorithm>

namespace holdfast::io {

namespace {

constexpr std::uint64_t header_bytes = 500;

} // namespace

Result<HttpReply> FakeHttpClient::fetch(const HttpFetch& request, const ByteSink& sink)
{
    requests.push_back(request);
    const auto file = files.find(request.url);
    if (file == files.end()) {
        return fail(Errc::not_found, "{}: 404", request.url);
    }
    std::span<const std::byte> body(file->second);
    if (request.range) {
        if (!gives_ranges || request.range->offset >= body.size()) {
            return fail(Errc::unsupported, "{}: the server does not send parts", request.url);
        }
        body = body.subspan(request.range->offset);
        body = body.first(std::min<std::size_t>(body.size(), request.range->length));
    }
    if (body.size() > request.most_bytes) {
        return fail(Errc::too_large, "{}: more than {} bytes", request.url, request.most_bytes);
    }
    TRY(send(body, sink));
    return HttpReply{.body_bytes = body.size(), .wire_bytes = body.size() + header_bytes};
}

Result<void> FakeHttpClient::send(std::span<const std::byte> body, const ByteSink& sink)
{
    std::size_t piece_size = 1;
    while (!body.empty()) {
        auto piece = body.first(std::min(body.size(), piece_size));
        if (breaks_after) {
            const auto left = *breaks_after - std::min(*breaks_after, body_bytes);
            piece = piece.first(std::min<std::size_t>(piece.size(), left));
            if (piece.empty()) {
                return fail(Errc::io, "the connection broke");
            }
        }
        body_bytes += piece.size();
        TRY(sink(piece));
        body = body.subspan(piece.size());
        piece_size = piece_size * 3 % 7001 + 1;
    }
    return {};
}

} // namespace holdfast::io
