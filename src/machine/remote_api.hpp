#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::machine {

/// An answer of the API.
struct ApiAnswer {
    int status = 0;
    std::string body; ///< At most 16 MiB.
};

/// One machine's API over TLS 1.3, with a client certificate where there is one.
class RemoteApi {
public:
    struct Access {
        std::uint16_t port = 0; ///< Of 127.0.0.1.
        std::filesystem::path authority;
        std::optional<std::filesystem::path> certificate;
        std::optional<std::filesystem::path> key;

        /// The options by which apiclient takes this way.
        std::vector<std::string> apiclient_options() const;
    };
    explicit RemoteApi(Access access) : access_(std::move(access)) {}

    const Access& access() const { return access_; }

    /// One request, `path` with its query. Any HTTP status is an answer. Errors: `io` when the
    /// connection or the TLS handshake fails, which is all that a machine without an API, or one
    /// that refuses our certificate, shows; `timeout`.
    Result<ApiAnswer> request(const std::string& method, const std::string& path,
                              const std::string& body = {},
                              std::chrono::milliseconds limit = std::chrono::seconds{20}) const;

private:
    Access access_;
};

} // namespace holdfast::machine
