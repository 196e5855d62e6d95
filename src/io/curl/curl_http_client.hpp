#pragma once

#include "io/clock.hpp"
#include "io/http_client.hpp"

#include <memory>
#include <vector>

namespace holdfast::io {

class Transfer;

struct CurlOptions {
    std::string proxy{}; ///< For http and https, or empty. The environment counts not.
    std::vector<std::string> no_proxy{}; ///< Hosts, domains and networks reached without it.
    std::string ca_file{};               ///< PEM, instead of the system's authorities; or empty.
    std::chrono::milliseconds connect_timeout{10'000};
    /// Slower than this for `slow_time` counts as broken: a server may not hold us for hours.
    std::uint64_t lowest_bytes_per_second = 256;
    std::chrono::seconds slow_time{30};
    int tries = 4;
    std::chrono::milliseconds first_pause{100};    ///< Each further one is 1.5 times longer…
    std::chrono::milliseconds longest_pause{1000}; ///< …up to this.
};

/// HTTP/1.1 by libcurl. Follows at most 10 redirects, and none from https to http. Where a body
/// breaks off it goes on with a range if the server takes ranges, or else passes over what came
/// before. Certificates are verified.
class CurlHttpClient final : public HttpClient {
public:
    /// Precondition: `clock` outlives the client. Errors: `internal` where libcurl doesn't start.
    static Result<std::unique_ptr<CurlHttpClient>> create(Clock& clock, CurlOptions options);
    ~CurlHttpClient() override;

    Result<HttpReply> fetch(const HttpFetch& request, const ByteSink& sink) override;

private:
    struct Connection;
    /// What one request came to.
    struct Try {
        int code = 0; ///< libcurl's.
        long status = 0;
        long proxy_status = 0; ///< Of a proxy that was asked for a way through, for https.
        bool is_whole = false;
        std::string problem{};
    };
    CurlHttpClient(Clock& clock, CurlOptions options, std::unique_ptr<Connection> connection);

    Try run_try(Transfer& transfer, std::chrono::milliseconds left, std::uint64_t& wire_bytes);

    Clock& clock_;
    CurlOptions options_;
    std::unique_ptr<Connection> connection_;
};

} // namespace holdfast::io
