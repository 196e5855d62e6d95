#include "services/netdog/facts.hpp"

#include "base/text.hpp"
#include "toml/toml.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <limits>

namespace holdfast::netdog {

namespace {

std::vector<std::string> words(std::string_view line)
{
    std::vector<std::string> found;
    std::string word;
    for (const char c : line) {
        if (c == ' ' || c == '\t' || c == '\r') {
            if (!word.empty()) {
                found.push_back(std::move(word));
                word.clear();
            }
        } else {
            word += c;
        }
    }
    if (!word.empty()) {
        found.push_back(std::move(word));
    }
    return found;
}

std::optional<std::uint32_t> number(std::string_view text, int base)
{
    std::uint32_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool is_zeros(std::string_view text)
{
    return !text.empty() && text.find_first_not_of('0') == text.npos;
}

struct BestRoute {
    std::optional<std::string> interface;
    std::uint32_t metric = std::numeric_limits<std::uint32_t>::max();

    void offer(const std::string& candidate, std::optional<std::uint32_t> its_metric)
    {
        if (its_metric && candidate != "lo" && (!interface || *its_metric < metric)) {
            interface = candidate;
            metric = *its_metric;
        }
    }
};

bool is_address(const std::string& text)
{
    in6_addr six{};
    in_addr four{};
    return inet_pton(AF_INET, text.c_str(), &four) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &six) == 1;
}

Result<std::vector<std::string>> text_list(const Json& document, const std::string& key,
                                           bool (*is_fine)(const std::string&))
{
    std::vector<std::string> list;
    const auto found = document.find(key);
    if (found == document.end()) {
        return list;
    }
    if (!found->is_array()) {
        return fail(Errc::invalid, "settings.dns.{}: expected a list", key);
    }
    for (const auto& entry : *found) {
        if (!entry.is_string() || !is_fine(entry.get<std::string>())) {
            return fail(Errc::invalid, "settings.dns.{}: {} does not belong there", key,
                        to_text(entry));
        }
        list.push_back(entry.get<std::string>());
    }
    return list;
}

constexpr std::size_t longest_host_name = 64; ///< The kernel's limit.

bool is_label(std::string_view label)
{
    constexpr std::size_t longest_label = 63;
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !label.empty() && label.size() <= longest_label && is_plain(label.front()) &&
           std::ranges::all_of(label, [&](char c) { return is_plain(c) || c == '-'; });
}

bool is_domain(const std::string& text)
{
    constexpr std::size_t longest_domain = 253;
    return text.size() <= longest_domain && std::ranges::all_of(split(text, '.'), is_label);
}

} // namespace

std::optional<std::string> default_interface(std::string_view route, std::string_view ipv6_route)
{
    BestRoute best;
    for (const auto& line : split(route, '\n')) {
        // Iface Destination Gateway Flags RefCnt Use Metric Mask …
        const auto fields = words(line);
        if (fields.size() >= 8 && is_zeros(fields[1]) && is_zeros(fields[7])) {
            best.offer(fields[0], number(fields[6], 10));
        }
    }
    if (best.interface) {
        return best.interface;
    }
    for (const auto& line : split(ipv6_route, '\n')) {
        // destination length source length next-hop metric references uses flags interface. Every
        // machine has an unreachable default route on "lo", without a next hop.
        const auto fields = words(line);
        if (fields.size() >= 10 && is_zeros(fields[0]) && is_zeros(fields[1]) &&
            !is_zeros(fields[4])) {
            best.offer(fields[9], number(fields[5], 16));
        }
    }
    return best.interface;
}

std::optional<std::string> address_on(std::span<const io::InterfaceAddress> addresses,
                                      std::string_view interface)
{
    for (const bool wants_ipv6 : {false, true}) {
        for (const auto& entry : addresses) {
            if (entry.interface == interface && entry.is_ipv6 == wants_ipv6 &&
                !entry.is_local_only) {
                return entry.address;
            }
        }
    }
    return std::nullopt;
}

Resolving parse_network_state(std::string_view text)
{
    Resolving found;
    for (const auto& line : split(text, '\n')) {
        if (line.starts_with("DNS=")) {
            for (auto& word : words(std::string_view(line).substr(4))) {
                if (is_address(word)) {
                    found.name_servers.push_back(std::move(word));
                }
            }
        } else if (line.starts_with("DOMAINS=")) {
            for (auto& word : words(std::string_view(line).substr(8))) {
                if (is_domain(word)) {
                    found.search.push_back(std::move(word));
                }
            }
        }
    }
    return found;
}

Result<Resolving> parse_dns_settings(std::string_view toml)
{
    TRY_ASSIGN(const auto document, parse_toml(toml));
    Resolving wishes;
    TRY_ASSIGN(wishes.name_servers, text_list(document, "name-servers", is_address));
    TRY_ASSIGN(wishes.search, text_list(document, "search-list", is_domain));
    return wishes;
}

std::string resolv_conf(const Resolving& settings, const Resolving& leases)
{
    constexpr std::size_t most_servers = 3; // MAXNS of resolv.h
    const auto& servers =
        settings.name_servers.empty() ? leases.name_servers : settings.name_servers;
    const auto& search = settings.search.empty() ? leases.search : settings.search;
    std::string text;
    for (std::size_t i = 0; i < std::min(servers.size(), most_servers); ++i) {
        text += "nameserver " + servers[i] + "\n";
    }
    if (!search.empty()) {
        text += "search " + join(search, " ") + "\n";
    }
    return text;
}

bool is_host_name(std::string_view text)
{
    return text.size() <= longest_host_name &&
           std::ranges::all_of(split(text, '.'), [](const std::string& label) {
               return is_label(label) && label.back() != '-';
           });
}

std::optional<std::string> kernel_host_name(const std::string& name)
{
    const auto labels = split(name, '.');
    if (!std::ranges::all_of(labels, is_label)) {
        return std::nullopt;
    }
    return name.size() <= longest_host_name ? name : labels.front();
}

std::string host_name_for(const std::string& address, const std::optional<std::string>& dns_name)
{
    if (dns_name && is_host_name(*dns_name) && *dns_name != "localhost") {
        std::string name = *dns_name;
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        return name;
    }
    std::string name = address;
    std::ranges::replace(name, ':', '-');
    return name;
}

} // namespace holdfast::netdog
