#pragma once

#include "io/http_client.hpp"
#include "update/source/release.hpp"

namespace holdfast::update {

/// One run of an update: the server, the bounds, and how far it is. Everything that fetches or
/// writes takes it along.
class Transfer {
public:
    /// All arguments must outlive the object.
    Transfer(io::HttpClient& http, const Watch& watch, const Limits& limits)
        : http_(http), watch_(watch), limits_(limits)
    {
    }

    const Limits& limits() const { return limits_; }
    const Progress& progress() const { return progress_; }
    void set_total(std::uint64_t bytes) { progress_.bytes_total = bytes; }

    // How bytes got into their place.
    void kept(std::uint64_t bytes);
    void copied(std::uint64_t bytes);
    void fetched(std::uint64_t bytes);
    /// Back to what was in place `before`: the rest must be brought again.
    void take_back(Progress before);

    /// Fails with `conflict` once the caller wants it to end.
    Result<void> go_on();
    void report() { watch_.report(progress_); }

    /// Fetches the payload or a part of it, within `io::fetch_deadline`. Errors: those of
    /// `io::HttpClient` and of the sink.
    Result<void> fetch(const Payload& payload, std::optional<io::ByteRange> range,
                       const io::ByteSink& sink);

private:
    void done(std::uint64_t bytes);

    io::HttpClient& http_;
    const Watch& watch_;
    const Limits& limits_;
    Progress progress_;
    std::uint64_t reported_ = 0;
};

} // namespace holdfast::update
