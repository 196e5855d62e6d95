#include "io/curl/transfer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace holdfast::io {

namespace {

std::string lower(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char character) {
        return static_cast<char>(std::tolower(character));
    });
    return result;
}

template <typename Number>
std::optional<Number> leading_number(std::string_view text)
{
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

} // namespace

void Transfer::begin_try()
{
    // A file's start is asked for again: it costs nothing, and libcurl's file ranges are few.
    resumes_ = delivered_ > 0 && (takes_ranges_ || request_.range.has_value());
    to_skip_ = resumes_ ? 0 : delivered_;
    has_started_ = false;
    status_ = 0;
    range_start_.reset();
}

std::optional<std::string> Transfer::range() const
{
    const auto skipped = resumes_ ? delivered_ : 0;
    if (request_.range) {
        const auto& range = *request_.range;
        return std::format("{}-{}", range.offset + skipped, range.offset + range.length - 1);
    }
    return resumes_ ? std::optional(std::format("{}-", skipped)) : std::nullopt;
}

void Transfer::take_header(std::string_view line)
{
    line = trimmed(line);
    if (line.starts_with("HTTP/")) {
        const auto space = line.find(' ');
        status_ = space == line.npos ? 0 : leading_number<int>(line.substr(space + 1)).value_or(0);
        range_start_.reset();
        return;
    }
    const auto colon = line.find(':');
    if (colon == line.npos) {
        return;
    }
    const auto name = lower(line.substr(0, colon));
    const auto value = lower(trimmed(line.substr(colon + 1)));
    if (name == "accept-ranges" && value == "bytes") {
        takes_ranges_ = true;
    } else if (name == "content-range" && value.starts_with("bytes ")) {
        range_start_ = leading_number<std::uint64_t>(std::string_view(value).substr(6));
    }
}

bool Transfer::fail_with(Errc code, std::string message)
{
    failure_ = Error(code, std::move(message));
    return false;
}

bool Transfer::check_start()
{
    if (is_file()) {
        return true;
    }
    const auto offset = (request_.range ? request_.range->offset : 0) + (resumes_ ? delivered_ : 0);
    const bool is_part = status_ == 206 && range_start_ == offset;
    if (request_.range) {
        return is_part || fail_with(Errc::unsupported,
                                    "the server sent something else than the part asked for");
    }
    if (resumes_ && !is_part) {
        if (status_ != 200) {
            return fail_with(Errc::io, "the server sent another part than the rest");
        }
        // It sent the whole file after all.
        to_skip_ = delivered_;
    }
    return true;
}

bool Transfer::take_body(std::span<const std::byte> bytes)
{
    if (!has_started_ && !check_start()) {
        return false;
    }
    has_started_ = true;
    const auto skipped = std::min<std::uint64_t>(to_skip_, bytes.size());
    to_skip_ -= skipped;
    bytes = bytes.subspan(static_cast<std::size_t>(skipped));
    if (bytes.empty()) {
        return true;
    }
    if (delivered_ + bytes.size() > request_.most_bytes) {
        return fail_with(Errc::too_large, std::format("longer than {} bytes", request_.most_bytes));
    }
    if (request_.range && delivered_ + bytes.size() > request_.range->length) {
        return fail_with(Errc::unsupported, "the server sent more than the part asked for");
    }
    auto taken = sink_(bytes);
    if (!taken.has_value()) {
        failure_ = std::move(taken).error();
        return false;
    }
    delivered_ += bytes.size();
    return true;
}

bool Transfer::is_complete() const
{
    return !request_.range || delivered_ == request_.range->length;
}

} // namespace holdfast::io
