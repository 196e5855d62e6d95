#include "io/curl/curl_http_client.hpp"

#include "base/text.hpp"
#include "io/curl/transfer.hpp"

#include <algorithm>
#include <array>
#include <curl/curl.h>

namespace holdfast::io {

/// The easy handle, which keeps connections open between fetches, and room for its last error.
struct CurlHttpClient::Connection {
    CURL* handle = curl_easy_init();
    std::array<char, CURL_ERROR_SIZE> problem{};

    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { curl_easy_cleanup(handle); }

    template <typename Value>
    void set(CURLoption option, Value value)
    {
        const auto code = curl_easy_setopt(handle, option, value);
        check(code == CURLE_OK, "libcurl takes the option");
    }
    template <typename Number>
    std::uint64_t number(CURLINFO info)
    {
        Number value = 0;
        curl_easy_getinfo(handle, info, &value);
        return static_cast<std::uint64_t>(std::max<Number>(value, 0));
    }
};

namespace {

using std::chrono::milliseconds;

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* transfer)
{
    static_cast<Transfer*>(transfer)->take_header({data, size * count});
    return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* transfer)
{
    const auto bytes = std::as_bytes(std::span(data, size * count));
    return static_cast<Transfer*>(transfer)->take_body(bytes) ? bytes.size() : CURL_WRITEFUNC_ERROR;
}

/// Whether an HTTP status will be the same at another try.
bool is_final(long status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

/// The failure's code where another try would change nothing.
std::optional<Errc> final_code(int code, long status, long proxy_status)
{
    if (is_final(proxy_status)) {
        return Errc::io;
    }
    if (status == 403 || status == 404 || status == 410) {
        return Errc::not_found;
    }
    if (status == 416) {
        return Errc::unsupported;
    }
    if (is_final(status)) {
        return Errc::io;
    }
    switch (code) {
    case CURLE_FILE_COULDNT_READ_FILE: return Errc::not_found;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Errc::invalid;
    case CURLE_FILESIZE_EXCEEDED: return Errc::too_large;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_DOWNLOAD_RESUME:
    case CURLE_RANGE_ERROR: return Errc::io;
    default: return std::nullopt;
    }
}

} // namespace

CurlHttpClient::CurlHttpClient(Clock& clock, CurlOptions options,
                               std::unique_ptr<Connection> connection)
    : clock_(clock), options_(std::move(options)), connection_(std::move(connection))
{
}

CurlHttpClient::~CurlHttpClient() = default;

Result<std::unique_ptr<CurlHttpClient>> CurlHttpClient::create(Clock& clock, CurlOptions options)
{
    static const auto started = curl_global_init(CURL_GLOBAL_DEFAULT);
    auto connection = std::make_unique<Connection>();
    if (started != CURLE_OK || connection->handle == nullptr) {
        return fail(Errc::internal, "libcurl does not start");
    }
    auto& curl = *connection;
    curl.set(CURLOPT_NOSIGNAL, 1L);
    curl.set(CURLOPT_ERRORBUFFER, curl.problem.data());
    curl.set(CURLOPT_USERAGENT, "holdfast");
    curl.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl.set(CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl.set(CURLOPT_FOLLOWLOCATION, 1L);
    curl.set(CURLOPT_MAXREDIRS, 10L);
    curl.set(CURLOPT_FAILONERROR, 1L); // The page of an error is no part of the file.
    curl.set(CURLOPT_HEADERFUNCTION, on_header);
    curl.set(CURLOPT_WRITEFUNCTION, on_body);
    curl.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    curl.set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.lowest_bytes_per_second));
    curl.set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.slow_time.count()));
    curl.set(CURLOPT_PROXY, options.proxy.c_str());
    curl.set(CURLOPT_NOPROXY, join(options.no_proxy, ",").c_str());
    if (!options.ca_file.empty()) {
        curl.set(CURLOPT_CAINFO, options.ca_file.c_str());
        // Otherwise Debian's folder of authorities counts beside the file.
        curl.set<const char*>(CURLOPT_CAPATH, nullptr);
    }
    return std::unique_ptr<CurlHttpClient>(
        new CurlHttpClient(clock, std::move(options), std::move(connection)));
}

/// One request: what the server said, in `outcome`; what went over the wire, added to `wire_bytes`.
CurlHttpClient::Try CurlHttpClient::run_try(Transfer& transfer, milliseconds left,
                                            std::uint64_t& wire_bytes)
{
    auto& curl = *connection_;
    transfer.begin_try();
    const auto range = transfer.range();
    curl.set(CURLOPT_RANGE, range ? range->c_str() : nullptr);
    curl.set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    curl.problem[0] = '\0';
    Try outcome{.code = curl_easy_perform(curl.handle)};
    curl_easy_getinfo(curl.handle, CURLINFO_RESPONSE_CODE, &outcome.status);
    curl_easy_getinfo(curl.handle, CURLINFO_HTTP_CONNECTCODE, &outcome.proxy_status);
    wire_bytes += curl.number<curl_off_t>(CURLINFO_SIZE_DOWNLOAD_T) +
                  curl.number<long>(CURLINFO_HEADER_SIZE) +
                  curl.number<long>(CURLINFO_REQUEST_SIZE);
    outcome.is_whole = outcome.code == CURLE_OK && transfer.is_complete();
    if (outcome.code != CURLE_OK && outcome.proxy_status >= 400) {
        outcome.problem = std::format("the proxy refuses, with status {}", outcome.proxy_status);
        return outcome;
    }
    outcome.problem = curl.problem[0] != '\0'    ? curl.problem.data()
                      : outcome.code != CURLE_OK ? curl_easy_strerror(CURLcode(outcome.code))
                                                 : "the answer is shorter than the part asked for";
    return outcome;
}

Result<HttpReply> CurlHttpClient::fetch(const HttpFetch& request, const ByteSink& sink)
{
    if (!request.url.contains("://")) {
        return fail(Errc::invalid, "{} is no URL", request.url); // libcurl would guess.
    }
    auto& curl = *connection_;
    Transfer transfer(request, sink);
    curl.set(CURLOPT_URL, request.url.c_str());
    curl.set(CURLOPT_REDIR_PROTOCOLS_STR,
             request.url.starts_with("https:") ? "https" : "http,https");
    curl.set(CURLOPT_HEADERDATA, &transfer);
    curl.set(CURLOPT_WRITEDATA, &transfer);

    const auto end = clock_.monotonic_now() + request.deadline;
    const auto left = [&] { return std::chrono::ceil<milliseconds>(end - clock_.monotonic_now()); };
    std::uint64_t wire_bytes = 0;
    auto pause = options_.first_pause;
    for (int number = 1; left() > milliseconds(0); ++number) {
        const auto outcome = run_try(transfer, left(), wire_bytes);
        if (const auto& failure = transfer.failure()) {
            return fail(failure->code(), "{}: {}", request.url, failure->message());
        }
        if (outcome.is_whole) {
            return HttpReply{.body_bytes = transfer.delivered(),
                             .wire_bytes = request.url.starts_with("file:") ? 0 : wire_bytes};
        }
        if (const auto code =
                final_code(outcome.code, outcome.status, outcome.proxy_status)) {
            return fail(*code, "{}: {}", request.url, outcome.problem);
        }
        if (number >= options_.tries && left() > milliseconds(0)) {
            return fail(Errc::io, "{}: {} ({} tries)", request.url, outcome.problem, number);
        }
        clock_.sleep(std::min(pause, std::max(left(), milliseconds(0))));
        pause = std::min(pause * 3 / 2, options_.longest_pause);
    }
    return fail(Errc::timeout,
                "{}: not fetched within {}; {} bytes came: the server is too slow, or the way to "
                "it",
                request.url, std::chrono::ceil<std::chrono::seconds>(request.deadline),
                transfer.delivered());
}

} // namespace holdfast::io
