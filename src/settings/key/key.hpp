#pragma once

#include "base/error.hpp"

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::settings {

/// The name of a value in the store: segments separated by dots, a segment that holds a dot itself
/// in double quotes: `settings.kernel.sysctl."vm.max_map_count"`.
///
/// Segments are of `A-Z a-z 0-9 _ - /`, and of dots in quotes; none is empty, and the whole name
/// has at most 255 bytes. These rules are part of the API, so clients depend on them.
class Key {
public:
    static constexpr std::size_t longest = 255;

    /// Quotes may open and close anywhere in a name; they only decide whether a dot separates.
    /// Errors: `invalid`.
    static Result<Key> parse(std::string_view text);
    /// Errors: `invalid`, by the same rules.
    static Result<Key> of(std::vector<std::string> segments);

    const std::vector<std::string>& segments() const { return segments_; }
    /// The one canonical spelling: quotes around segments with a dot, and nowhere else.
    const std::string& str() const { return text_; }

    bool operator==(const Key&) const = default;
    auto operator<=>(const Key&) const = default;

private:
    Key(std::string text, std::vector<std::string> segments)
        : text_(std::move(text)), segments_(std::move(segments))
    {
    }

    std::string text_;
    std::vector<std::string> segments_;
};

/// Whether the text can be one segment of a key.
bool is_segment(std::string_view text);

/// The spelling of any segments, legal or not, fit for a message and for a terminal: what a key
/// cannot hold stands as `\xNN`, endless segments are cut. For legal ones it equals `Key::str`.
std::string key_text(std::span<const std::string> segments);

} // namespace holdfast::settings
