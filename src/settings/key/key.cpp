#include "settings/key/key.hpp"

#include <algorithm>

namespace holdfast::settings {

namespace {

bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '/';
}

bool is_printable(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

std::string segment_text(std::string_view segment)
{
    if (!segment.empty() && segment.size() <= Key::longest &&
        std::ranges::all_of(segment, is_plain)) {
        return std::string(segment);
    }
    std::string text = "\"";
    for (const char c : segment.substr(0, Key::longest)) {
        if (is_printable(c)) {
            text += c;
        } else {
            text += std::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    text += segment.size() > Key::longest ? "\"..." : "\"";
    return text;
}

} // namespace

bool is_segment(std::string_view text)
{
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return is_plain(c) || c == '.'; });
}

std::string key_text(std::span<const std::string> segments)
{
    std::string text;
    for (const auto& segment : segments) {
        if (!text.empty()) {
            text += '.';
        }
        text += segment_text(segment);
    }
    return text;
}

Result<Key> Key::of(std::vector<std::string> segments)
{
    if (segments.empty()) {
        return fail(Errc::invalid, "expected a key, found an empty name");
    }
    for (const auto& segment : segments) {
        if (segment.empty()) {
            return fail(Errc::invalid, "key {}: a part between dots is empty", key_text(segments));
        }
        if (!is_segment(segment)) {
            return fail(Errc::invalid, "key {}: expected only letters, digits, '_', '-', '/' and '.'",
                        key_text(segments));
        }
    }
    auto text = key_text(segments);
    if (text.size() > longest) {
        return fail(Errc::invalid, "key of {} bytes, at most {} are allowed", text.size(), longest);
    }
    return Key(std::move(text), std::move(segments));
}

Result<Key> Key::parse(std::string_view text)
{
    if (text.empty()) {
        return fail(Errc::invalid, "expected a key, found an empty name");
    }
    if (text.size() > longest) {
        return fail(Errc::invalid, "key of {} bytes, at most {} are allowed", text.size(), longest);
    }
    std::vector<std::string> segments(1);
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '.' && !quoted) {
            segments.emplace_back();
        } else {
            segments.back() += c;
        }
    }
    if (quoted) {
        return fail(Errc::invalid, "key {}: a quote is not closed", key_text(segments));
    }
    return of(std::move(segments));
}

} // namespace holdfast::settings
