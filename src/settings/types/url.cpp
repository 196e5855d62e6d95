#include "settings/types/url.hpp"

#include "settings/types/characters.hpp"
#include "settings/types/ip_address.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace holdfast::settings {

namespace {

struct Split {
    std::string_view before;
    std::string_view after;
};

/// At the first of `separators`; without one, all of the text is before it.
Split split_at_first_of(std::string_view separators, std::string_view text)
{
    const auto position = text.find_first_of(separators);
    if (position == std::string_view::npos) {
        return {text, {}};
    }
    return {text.substr(0, position), text.substr(position + 1)};
}

/// "https" of "https://…"; nothing where there is no scheme (URL standard, scheme state).
std::optional<std::string> scheme_of(std::string_view text)
{
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_alphanumeric(text.front()) ||
        is_digit(text.front()) || !consists_of_alphanumerics_and("+-.", text.substr(0, colon))) {
        return std::nullopt;
    }
    std::string scheme(text.substr(0, colon));
    for (auto& c : scheme) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return scheme;
}

bool is_special(std::string_view scheme)
{
    constexpr std::array special{"http", "https", "ws", "wss", "ftp"};
    return std::ranges::find(special, scheme) != special.end();
}

bool is_port(std::string_view text)
{
    if (text.empty()) {
        return true;
    }
    unsigned port = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, port);
    return problem == std::errc{} && stop == end && port <= 65535;
}

/// The number that a part of an IPv4 host stands for: decimal, 0octal or 0xhex.
std::optional<std::uint64_t> ipv4_number(std::string_view part)
{
    int base = 10;
    if (part.starts_with("0x") || part.starts_with("0X")) {
        base = 16;
        part.remove_prefix(2);
    } else if (part.size() > 1 && part.front() == '0') {
        base = 8;
        part.remove_prefix(1);
    }
    std::uint64_t number = 0;
    if (part.empty()) {
        return number;
    }
    const auto* end = part.data() + part.size();
    const auto [stop, problem] = std::from_chars(part.data(), end, number, base);
    if (problem != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return number;
}

/// A host whose last part is a number must be an IPv4 address (URL standard, host parser).
bool is_name_or_ipv4(std::string_view host)
{
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    std::vector<std::string_view> parts;
    for (auto rest = host;;) {
        const auto dot = rest.find('.');
        parts.push_back(rest.substr(0, dot));
        if (dot == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(dot + 1);
    }
    const auto last = parts.back();
    const bool ends_in_number =
        !last.empty() && (std::ranges::all_of(last, is_digit) ||
                          (last.starts_with("0x") && ipv4_number(last).has_value()));
    if (!ends_in_number) {
        return true;
    }
    if (parts.size() > 4) {
        return false;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = parts[i].empty() ? std::nullopt : ipv4_number(parts[i]);
        const bool is_last = i + 1 == parts.size();
        const auto limit = is_last ? std::uint64_t{1} << (8 * (5 - parts.size())) : 256;
        if (!number.has_value() || *number >= limit) {
            return false;
        }
    }
    return true;
}

bool is_host(std::string_view host, bool special)
{
    if (host.starts_with('[')) {
        return host.ends_with(']') && is_ipv6(host.substr(1, host.size() - 2));
    }
    // Forbidden host code points; '%' may only stand in hosts that no standard scheme names.
    if (host.find_first_of(" #/:<>?@[\\]^|") != std::string_view::npos) {
        return false;
    }
    return !special ||
           (!host.empty() && host.find('%') == std::string_view::npos && is_name_or_ipv4(host));
}

bool is_authority(std::string_view authority, bool special)
{
    const auto at = authority.rfind('@');
    const bool has_user = at != std::string_view::npos;
    const auto place = has_user ? authority.substr(at + 1) : authority;
    const auto colon = place.find(':', place.starts_with('[') ? place.find(']') : 0);
    const auto host = place.substr(0, colon);
    const bool has_port = colon != std::string_view::npos;
    if (host.empty() && (special || has_user || has_port)) {
        return false;
    }
    return is_host(host, special) && (!has_port || is_port(place.substr(colon + 1)));
}

bool is_absolute_url(std::string_view text)
{
    const auto scheme = scheme_of(text);
    if (!scheme.has_value()) {
        return false;
    }
    auto rest = text.substr(scheme->size() + 1);
    if (is_special(*scheme)) {
        rest.remove_prefix(std::min(rest.find_first_not_of("/\\"), rest.size()));
        return is_authority(split_at_first_of("/\\?#", rest).before, true);
    }
    if (rest.starts_with("//")) {
        return is_authority(split_at_first_of("/?#", rest.substr(2)).before, false);
    }
    return true;
}

} // namespace

bool UrlRule::accepts(std::string_view text)
{
    if (text.empty() || has_control_character(text) || text.front() == ' ' || text.back() == ' ') {
        return false;
    }
    // Not "either way": with `http://` in front, "http://how are you" would have the host "http".
    return scheme_of(text).has_value() ? is_absolute_url(text)
                                       : is_absolute_url("http://" + std::string(text));
}

} // namespace holdfast::settings
