#include "base/version.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast {

namespace {

constexpr std::size_t longest_version = 128;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_identifier_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_number(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool has_leading_zero(std::string_view number)
{
    return number.size() > 1 && number.front() == '0';
}

bool parse_number(std::string_view text, std::uint64_t& number)
{
    if (!is_number(text) || has_leading_zero(text)) {
        return false;
    }
    const auto* end = text.data() + text.size();
    return std::from_chars(text.data(), end, number).ec == std::errc();
}

enum class LeadingZeros { refused, allowed };

/// Dot-separated identifiers, none empty.
bool are_identifiers(std::string_view text, LeadingZeros zeros)
{
    return std::ranges::all_of(split(text, '.'), [zeros](const std::string& part) {
        return !part.empty() && std::ranges::all_of(part, is_identifier_character) &&
               (zeros == LeadingZeros::allowed || !is_number(part) || !has_leading_zero(part));
    });
}

/// Cuts `text` at the first `separator` and gives what follows it.
std::optional<std::string_view> cut_tail(std::string_view& text, char separator)
{
    const auto position = text.find(separator);
    if (position == std::string_view::npos) {
        return std::nullopt;
    }
    const auto tail = text.substr(position + 1);
    text = text.substr(0, position);
    return tail;
}

/// Numbers by value and below words; words by ASCII order.
std::strong_ordering compare_identifiers(const std::string& a, const std::string& b)
{
    const bool a_number = is_number(a);
    const bool b_number = is_number(b);
    if (a_number != b_number) {
        return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    // Without leading zeros the longer number is the larger, however long.
    if (a_number && a.size() != b.size()) {
        return a.size() <=> b.size();
    }
    return a <=> b;
}

std::strong_ordering compare_pre_releases(const std::string& a, const std::string& b)
{
    if (a.empty() || b.empty()) {
        return a.empty() <=> b.empty(); // A release is later than its pre-releases.
    }
    const auto left = split(a, '.');
    const auto right = split(b, '.');
    return std::lexicographical_compare_three_way(left.begin(), left.end(), right.begin(),
                                                  right.end(), compare_identifiers);
}

} // namespace

Result<Version> Version::parse(std::string_view text)
{
    Version version(text);
    auto core = text;
    const auto build = cut_tail(core, '+');
    const auto pre_release = cut_tail(core, '-');
    const auto numbers = split(core, '.');
    if (text.size() > longest_version || numbers.size() != 3 ||
        !parse_number(numbers[0], version.major_) || !parse_number(numbers[1], version.minor_) ||
        !parse_number(numbers[2], version.patch_) ||
        (pre_release && !are_identifiers(*pre_release, LeadingZeros::refused)) ||
        (build && !are_identifiers(*build, LeadingZeros::allowed))) {
        return fail(Errc::invalid, "expected a version such as 1.2.3");
    }
    version.pre_release_ = pre_release.value_or("");
    return version;
}

std::strong_ordering Version::operator<=>(const Version& other) const
{
    if (const auto order = major_ <=> other.major_; order != 0) {
        return order;
    }
    if (const auto order = minor_ <=> other.minor_; order != 0) {
        return order;
    }
    if (const auto order = patch_ <=> other.patch_; order != 0) {
        return order;
    }
    if (const auto order = compare_pre_releases(pre_release_, other.pre_release_); order != 0) {
        return order;
    }
    return text_ <=> other.text_;
}

Result<VersionLock> VersionLock::parse(std::string_view text)
{
    if (text == "latest") {
        return VersionLock();
    }
    TRY_ASSIGN(auto version, Version::parse(text.starts_with('v') ? text.substr(1) : text));
    return VersionLock(std::move(version));
}

} // namespace holdfast
