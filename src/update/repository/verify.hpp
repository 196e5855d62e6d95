#pragma once

#include "io/clock.hpp"
#include "io/http_client.hpp"
#include "update/repository/channel_state.hpp"

namespace holdfast::publish {

struct VerifyOptions {
    std::string url;                  ///< Of the folder that holds `metadata` and `targets`.
    std::filesystem::path first_root; ///< What machines trust at first.
    std::filesystem::path scratch;    ///< An empty folder for a client's metadata.
};

/// What a channel was found to offer.
struct Verified {
    std::vector<std::string> versions; ///< Oldest first.
    std::uint64_t target_bytes = 0;
    tuf::Time earliest_expiry{};
};

/// Does what a machine does, and more: refreshes, reads the manifest, fetches every target and
/// checks each byte, and sees that migrations lead from each version to every other.
/// Errors: those of `tuf::Client`; `invalid` with what is wrong of the manifest.
Result<Verified> verify_channel(io::HttpClient& http, io::Files& files, io::Clock& clock,
                                const Channel& channel, const VerifyOptions& options);

/// When each document expires that a new machine would read, by its name: "timestamp.json". They
/// are verified in all but that, so what has expired is told too. Errors: those of `tuf::Client`.
Result<std::map<std::string, tuf::Time>> find_expirations(io::HttpClient& http, io::Files& files,
                                                          const Channel& channel,
                                                          const VerifyOptions& options);

} // namespace holdfast::publish
