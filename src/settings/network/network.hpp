#pragma once

#include "settings/group.hpp"
#include "settings/types/hosts_entry.hpp"
#include "settings/types/text.hpp"
#include "settings/types/url.hpp"

namespace holdfast::settings {

struct Network {
    std::optional<LinuxHostname> hostname;
    std::optional<std::vector<HostsEntry>> hosts;
    std::optional<Url> https_proxy;
    std::optional<std::vector<SingleLine>> no_proxy;

    static constexpr auto table = settings::table(
        "settings.network", "The machine's name, extra entries of /etc/hosts, and the proxy.",
        affects("containerd", "docker", "ecs", "kubernetes", "host-containerd", "host-containers",
                "updog"),
        field<&Network::hostname>("hostname",
                                  "The machine's name. By default the name that DNS has for its "
                                  "address, else the address, with `-` for `:`. Of one with more than "
                                  "64 characters the machine bears the first label.",
                                  affects("hostname", "hosts"),
                                  GeneratedBy{"netdog generate-hostname"}),
        field<&Network::hosts>(
            "hosts",
            "More entries for /etc/hosts, in this order. Names of one address "
            "are merged; those of 127.0.0.1 and ::1 join the lines of localhost.",
            affects("hosts")),
        field<&Network::https_proxy>("https-proxy",
                                     "Proxy for HTTPS of container runtimes, pulls and updates; "
                                     "updates go through it from http URLs too."),
        field<&Network::no_proxy>("no-proxy",
                                  "Hosts and domains that are reached without the proxy; localhost "
                                  "and 127.0.0.1 always are."));
};

/// /etc/network/hostname.env. Empty while no name is set: before a generator has run, or when what
/// the API had set is taken back and nothing lies beneath. The machine keeps its name then, and the
/// next boot asks the generator again.
Result<std::string> render_hostname(const Network& network);
/// /etc/hosts.
Result<std::string> render_hosts(const Network& network);
/// /etc/network/proxy.env, an environment file of systemd units.
Result<std::string> render_proxy_environment(const Network& network);

} // namespace holdfast::settings
