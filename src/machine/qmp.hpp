#pragma once

#include "io/clock.hpp"
#include "io/sockets.hpp"
#include "json/json.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::machine {

/// Cuts the bytes of a QMP connection into messages, one JSON object per line.
class QmpReader {
public:
    void feed(std::string_view bytes) { pending_ += bytes; }
    /// The next whole message, or nothing while it is incomplete. Errors: `invalid` for a line that
    /// is no JSON object; `too_large` for one that grows over 1 MiB without an end.
    Result<std::optional<Json>> next();

private:
    std::string pending_;
};

/// The QEMU Machine Protocol (docs/interop/qmp-spec in QEMU): commands to one running QEMU and the
/// events that it reports. Every call is bounded.
class Qmp {
public:
    /// Connects and leaves the negotiation mode. QEMU serves one client at each socket: while
    /// another holds it, this waits. Errors: `not_found` when no QEMU listens, `timeout`, `invalid`.
    static Result<Qmp> connect(io::Sockets& sockets, io::Clock& clock,
                               const std::filesystem::path& socket,
                               std::chrono::milliseconds limit = std::chrono::seconds{10});

    /// The "return" member of the answer. Errors: `conflict` with QEMU's words when it refuses;
    /// `timeout`; `io` when QEMU has ended.
    Result<Json> execute(const std::string& command, Json arguments = Json::object(),
                         std::chrono::milliseconds limit = std::chrono::seconds{10});

    /// The events that came so far, oldest first, waiting at most `limit` for a first one. `io`
    /// when QEMU has ended and none is left.
    Result<std::vector<Json>> take_events(std::chrono::milliseconds limit);

private:
    Qmp(io::Clock& clock, std::unique_ptr<io::Stream> stream)
        : clock_(&clock), stream_(std::move(stream))
    {
    }
    Result<Json> next_message(std::chrono::steady_clock::time_point deadline);

    io::Clock* clock_;
    std::unique_ptr<io::Stream> stream_;
    QmpReader reader_;
    std::vector<Json> events_;
};

} // namespace holdfast::machine
