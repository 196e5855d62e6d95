#pragma once

#include "io/http_client.hpp"

#include <optional>
#include <string_view>

namespace holdfast::io {

/// One fetch over all of its tries: what was asked for, what has reached the sink, and what the
/// server said of itself. Knows nothing of libcurl.
class Transfer {
public:
    Transfer(const HttpFetch& request, const ByteSink& sink) : request_(request), sink_(sink) {}

    /// To call before each try. Decides how it goes on where the last one broke off.
    void begin_try();
    /// What to ask for in this try ("100-199", "100-"), or nothing for the whole file.
    std::optional<std::string> range() const;

    /// A status or header line. A new status line forgets the headers of a redirect before.
    void take_header(std::string_view line);
    /// A piece of the body. False ends the try; `failure` then says why, for good.
    bool take_body(std::span<const std::byte> bytes);

    /// Set where another try would not help.
    const std::optional<Error>& failure() const { return failure_; }
    std::uint64_t delivered() const { return delivered_; }
    /// The reply to a range, or the rest of a file, is whole.
    bool is_complete() const;

private:
    bool fail_with(Errc code, std::string message);
    /// At the first byte of a try's body: whether it is what was asked for.
    bool check_start();
    bool is_file() const { return request_.url.starts_with("file:"); }

    const HttpFetch& request_;
    const ByteSink& sink_;
    std::uint64_t delivered_ = 0;
    bool takes_ranges_ = false; ///< The server said so, in any try.
    bool resumes_ = false;      ///< This try asks for the rest only.
    bool has_started_ = false;  ///< This try's body has.
    std::uint64_t to_skip_ = 0; ///< Bytes of this try's body that the sink has had.
    int status_ = 0;
    std::optional<std::uint64_t> range_start_; ///< From Content-Range.
    std::optional<Error> failure_;
};

} // namespace holdfast::io
