#include "settings/network/network.hpp"

#include "settings/environment_file.hpp"
#include "settings/groups.hpp"

#include <algorithm>
#include <set>

namespace holdfast::settings {

namespace {

constexpr std::string_view loopback4 = "127.0.0.1";
constexpr std::string_view loopback6 = "::1";

/// Addresses with their names, merged by address, in the order of first appearance.
using MergedHosts = std::vector<std::pair<std::string, std::vector<std::string>>>;

MergedHosts merged(const std::vector<HostsEntry>& entries)
{
    MergedHosts result;
    for (const auto& entry : entries) {
        auto place =
            std::ranges::find(result, entry.address.str(), &MergedHosts::value_type::first);
        if (place == result.end()) {
            place = result.insert(result.end(), {entry.address.str(), {}});
        }
        for (const auto& name : entry.names) {
            place->second.push_back(name.str());
        }
    }
    return result;
}

bool names_host(const MergedHosts& hosts, const std::string& name)
{
    return std::ranges::any_of(
        hosts, [&](const auto& line) { return std::ranges::contains(line.second, name); });
}

std::string line(std::string_view start, const std::vector<std::string>& names)
{
    std::string text(start);
    for (const auto& name : names) {
        text += ' ';
        text += name;
    }
    return text + '\n';
}

} // namespace

Result<std::string> render_hostname(const Network& network)
{
    if (!network.hostname.has_value()) {
        return std::string(); // set-hostname.service does nothing then.
    }
    return environment_line("HOSTNAME", network.hostname->str());
}

Result<std::string> render_hosts(const Network& network)
{
    const auto hosts = merged(network.hosts.value_or(std::vector<HostsEntry>{}));
    // The machine's own name must resolve even where DNS does not know it.
    std::vector<std::string> aliases;
    if (network.hostname.has_value() && !names_host(hosts, network.hostname->str())) {
        aliases.push_back(network.hostname->str());
    }
    auto aliases4 = aliases;
    auto aliases6 = aliases;
    std::string others;
    for (const auto& [address, names] : hosts) {
        if (address == loopback4) {
            aliases4.insert(aliases4.end(), names.begin(), names.end());
        } else if (address == loopback6) {
            aliases6.insert(aliases6.end(), names.begin(), names.end());
        } else {
            others += line(address, names);
        }
    }
    return line("127.0.0.1 localhost localhost.localdomain localhost4 localhost4.localdomain4",
                aliases4) +
           line("::1 localhost localhost.localdomain localhost6 localhost6.localdomain6",
                aliases6) +
           others;
}

Result<std::string> render_proxy_environment(const Network& network)
{
    std::string direct;
    for (const auto& host : network.no_proxy.value_or(std::vector<SingleLine>{})) {
        direct += host.str() + ',';
    }
    direct += "localhost,127.0.0.1";

    std::string text;
    if (network.https_proxy.has_value()) {
        // Both spellings: libraries don't agree on one.
        text += environment_line("HTTPS_PROXY", network.https_proxy->str());
        text += environment_line("https_proxy", network.https_proxy->str());
    }
    text += environment_line("NO_PROXY", direct);
    text += environment_line("no_proxy", direct);
    return text;
}

Group network_group()
{
    return {
        .name = "network",
        .settings = make_group_node<Network>(),
        .services = {{"hostname", {{"hostname"}, {"/bin/systemctl restart set-hostname.service"}}},
                     {"hosts", {{"hosts"}, {}}}},
        .files = {
            rendered_file<render_hostname>("hostname", "/etc/network/hostname.env"),
            mounted_by_containers(rendered_file<render_hosts>("hosts", "/etc/hosts")),
            // A proxy's URL may hold a password, and only systemd reads the file.
            rendered_file<render_proxy_environment>("proxy-env", "/etc/network/proxy.env", "0600"),
        }};
}

} // namespace holdfast::settings
