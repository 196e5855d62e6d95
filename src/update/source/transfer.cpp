#include "update/source/transfer.hpp"

namespace holdfast::update {

namespace {

constexpr std::uint64_t report_every = std::uint64_t{1} << 20;

} // namespace

void Transfer::done(std::uint64_t bytes)
{
    progress_.bytes_done += bytes;
    if (progress_.bytes_done - reported_ >= report_every) {
        reported_ = progress_.bytes_done;
        report();
    }
}

void Transfer::kept(std::uint64_t bytes)
{
    progress_.bytes_kept += bytes;
    done(bytes);
}

void Transfer::copied(std::uint64_t bytes)
{
    progress_.bytes_copied += bytes;
    done(bytes);
}

void Transfer::fetched(std::uint64_t bytes)
{
    progress_.bytes_fetched += bytes;
    done(bytes);
}

void Transfer::take_back(Progress before)
{
    before.wire_bytes = progress_.wire_bytes;
    before.requests = progress_.requests;
    progress_ = before;
    reported_ = progress_.bytes_done;
    report();
}

Result<void> Transfer::go_on()
{
    if (watch_.is_cancelled()) {
        return fail(Errc::conflict, "the update was cancelled");
    }
    return {};
}

Result<void> Transfer::fetch(const Payload& payload, std::optional<io::ByteRange> range,
                             const io::ByteSink& sink)
{
    const auto bytes = range ? range->length : payload.length;
    ++progress_.requests;
    const auto before = progress_.wire_bytes;
    // Counted while they come: a whole image may be one request.
    const auto counting_sink = [&](std::span<const std::byte> piece) {
        progress_.wire_bytes += piece.size();
        return sink(piece);
    };
    TRY_ASSIGN(const auto reply, http_.fetch({.url = payload.url,
                                              .range = range,
                                              .most_bytes = bytes,
                                              .deadline = io::fetch_deadline(bytes)},
                                             counting_sink));
    progress_.wire_bytes = before + reply.wire_bytes;
    if (reply.body_bytes != bytes) {
        return fail(Errc::corrupt, "{}: the server sent {} bytes instead of {}", payload.url,
                    reply.body_bytes, bytes);
    }
    report();
    return {};
}

} // namespace holdfast::update
