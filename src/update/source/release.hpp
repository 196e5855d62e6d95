#pragma once

#include "crypto/sha256.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace holdfast::update {

/// A file of a release, as trusted metadata describes it.
struct Payload {
    std::string name;
    std::string url; ///< Where its bytes can be had; the server is trusted with nothing.
    std::uint64_t length = 0;
    crypto::Sha256 sha256;
};

/// What fills a set of partitions.
struct Release {
    Payload boot;
    Payload root;
    Payload hash;
    /// The block list over the other three, where the release has one. Without it `hash` is fetched
    /// first and tells ROOT's blocks, and `boot` is fetched whole.
    std::optional<Payload> blocks = {};
};

/// How far an update is. `bytes_done` of `bytes_total` are in place; they got there in three ways.
struct Progress {
    std::uint64_t bytes_total = 0;
    std::uint64_t bytes_done = 0;
    std::uint64_t bytes_kept = 0;    ///< Lay in their place already.
    std::uint64_t bytes_copied = 0;  ///< Came from the active set.
    std::uint64_t bytes_fetched = 0; ///< Came from the server.
    std::uint64_t wire_bytes = 0;    ///< All that went over the wire, headers and lists included.
    std::uint64_t requests = 0;

    friend bool operator==(const Progress&, const Progress&) = default;
};

/// How the caller follows an update, and ends it.
struct Watch {
    /// Called after every few hundred blocks and after every request.
    std::function<void(const Progress&)> report = [](const Progress&) {};
    /// Asked between blocks. On `true` the update ends with `conflict`; what is in place stays, and
    /// the next attempt goes on from there.
    std::function<bool()> is_cancelled = [] { return false; };
};

/// Bounds that tests make small.
struct Limits {
    /// A request asks for no more, so that a broken connection costs little and progress shows.
    std::uint32_t blocks_per_request = 1024;
    /// So many blocks are written between two flushes. They bound what a power cut can lose.
    std::uint32_t blocks_per_flush = 2048;
    /// So many blocks of the active set are known at a time, with 16 bytes of memory each. An
    /// active ROOT of more than 1 GiB is gone through in several rounds.
    std::uint32_t blocks_per_window = 1 << 18;
};

} // namespace holdfast::update
