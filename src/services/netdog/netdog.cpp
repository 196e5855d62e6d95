#include "services/netdog/netdog.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "json/json.hpp"
#include "services/netdog/facts.hpp"

#include <array>
#include <cstdio>

namespace holdfast::netdog {

namespace {

using namespace std::chrono_literals;

constexpr auto interface_file = "/run/netdog/primary_interface";
constexpr auto address_file = "/run/netdog/current_ip";
constexpr auto sysctl_marker = "/run/netdog/primary_sysctls_set";
constexpr auto resolv_file = "/run/netdog/resolv.conf";
constexpr auto sysctl_file = "/etc/sysctl.d/90-primary_interface.conf";
constexpr auto wait_limit = 15s;
constexpr auto pause_between_looks = 100ms;
constexpr auto dns_patience = 2s; // No question begins later.
constexpr int no_value = 2;

struct Parameter {
    std::string_view before;
    std::string_view after;
    std::string_view value;
};
/// Replies may leave by another interface than requests came in by; and networkd itself reads router
/// advertisements, so the kernel must not.
constexpr std::array<Parameter, 6> parameters = {{
    {"net/ipv4/conf/", "/rp_filter", "2"},
    {"net/ipv6/conf/", "/accept_ra", "0"},
    {"net/ipv6/conf/", "/accept_ra_defrtr", "0"},
    {"net/ipv6/conf/", "/accept_ra_pinfo", "0"},
    {"net/ipv6/conf/", "/accept_ra_rtr_pref", "0"},
    {"net/ipv6/conf/", "/accept_ra_mtu", "0"},
}};

/// The content, or nothing for a file that cannot be read.
std::string read_or_empty(io::Files& files, const char* path)
{
    auto content = files.read(path);
    return content.has_value() ? *std::move(content) : std::string();
}

/// Writes only news: every change wakes those who watch the file.
Result<void> write_news(io::Files& files, const char* path, const std::string& content,
                        decltype(io::replace_file)& write = io::replace_file)
{
    if (files.exists(path) && read_or_empty(files, path) == content) {
        return {};
    }
    TRY(files.create_directories("/run/netdog"));
    return write(files, path, content, 0644);
}

/// Sets the parameters of the primary interface, and leaves them where systemd-sysctl finds them when
/// the interface comes back. In sysctl.d's form with slashes, as interface names may hold dots.
Result<void> set_parameters(io::Files& files, const std::string& interface)
{
    if (files.exists(sysctl_marker)) {
        return {};
    }
    std::string lines;
    for (const auto& [before, after, value] : parameters) {
        const auto key = std::string(before) + interface + std::string(after);
        lines += "-" + key + " = " + std::string(value) + "\n";
        // A kernel without IPv6 lacks most of them.
        const auto written = files.write_into("/proc/sys/" + key, value);
        static_cast<void>(written);
    }
    TRY(files.create_directories("/etc/sysctl.d"));
    TRY(io::replace_file(files, sysctl_file, lines));
    return write_news(files, sysctl_marker, "");
}

void shuffle(std::vector<std::string>& list, io::Random& random)
{
    for (std::size_t i = list.size(); i > 1; --i) {
        std::swap(list[i - 1], list[static_cast<std::size_t>(io::random_below(random, i))]);
    }
}

/// Bottlerocket's three repetitions, after 50, 50 and 100 ms: a name server that is not ready says so
/// at once. Where none answers at all, a question takes a second for each, and the boot waits.
Result<std::string> name_of(World& world, const std::string& address)
{
    const auto start = world.clock.monotonic_now();
    auto found = world.addresses.name_of(address);
    for (const auto pause : {50ms, 50ms, 100ms}) {
        if (found.has_value() || found.error().code() != Errc::timeout ||
            world.clock.monotonic_now() - start >= dns_patience) {
            break;
        }
        world.clock.sleep(pause);
        found = world.addresses.name_of(address);
    }
    return found;
}

Result<int> generate_host_name(World& world)
{
    const auto address = wait_for_address(world);
    if (!address.has_value()) {
        log::warning("no host name yet; the next boot tries again",
                     {{"why", address.error().message()}});
        return no_value;
    }
    const auto found = name_of(world, *address);
    if (!found.has_value()) {
        log::info("the address stands for the name", {{"why", found.error().message()}});
    }
    const auto name = host_name_for(*address, found.has_value() ? std::optional(*found)
                                                                : std::nullopt);
    std::printf("%s\n", to_text(Json(name)).c_str());
    return 0;
}

Result<int> print_node_ip(World& world)
{
    TRY_ASSIGN(const auto address, wait_for_address(world));
    std::printf("%s\n", to_text(Json(address)).c_str());
    return 0;
}

Result<int> set_host_name(World& world, const std::string& name)
{
    // An address as the fallback name is no host name by the letter of RFC 1123, but the kernel's
    // rules are what counts here.
    const auto short_enough = kernel_host_name(name);
    if (!short_enough) {
        return fail(Errc::invalid, "\"{}\" is no host name", name);
    }
    TRY(world.files.write_into("/proc/sys/kernel/hostname", *short_enough));
    return 0;
}

} // namespace

Result<void> write_resolv_conf(World& world)
{
    Resolving settings;
    if (const auto text = world.files.read("/etc/netdog.toml"); text.has_value()) {
        TRY_ASSIGN(settings, parse_dns_settings(*text).while_("reading /etc/netdog.toml"));
    }
    // Spreads the load of many machines with one configuration.
    shuffle(settings.name_servers, world.random);
    const auto leases = parse_network_state(read_or_empty(world.files, "/run/systemd/netif/state"));
    // Containers have the file mounted, and would keep an old one.
    return write_news(world.files, resolv_file, resolv_conf(settings, leases), io::rewrite_file);
}

Result<void> write_primary_interface_status(World& world)
{
    TRY(write_resolv_conf(world));
    const auto interface = default_interface(read_or_empty(world.files, "/proc/net/route"),
                                             read_or_empty(world.files, "/proc/net/ipv6_route"));
    if (!interface) {
        return {};
    }
    TRY(write_news(world.files, interface_file, *interface));
    TRY(set_parameters(world.files, *interface));
    TRY_ASSIGN(const auto addresses, world.addresses.all());
    if (const auto address = address_on(addresses, *interface)) {
        TRY(write_news(world.files, address_file, *address));
    }
    return {};
}

Result<std::string> wait_for_address(World& world)
{
    const auto deadline = world.clock.monotonic_now() + wait_limit;
    for (;;) {
        const auto found = read_or_empty(world.files, address_file);
        if (!found.empty()) {
            return std::string(trimmed(found));
        }
        if (world.clock.monotonic_now() >= deadline) {
            return fail(Errc::timeout, "no address on the network after {} seconds",
                        std::chrono::seconds(wait_limit).count());
        }
        world.clock.sleep(pause_between_looks);
    }
}

Result<int> run(const std::vector<std::string>& arguments, World world)
{
    const auto command = arguments.empty() ? std::string() : arguments.front();
    if (command == "set-hostname" && arguments.size() == 2) {
        return set_host_name(world, arguments[1]);
    }
    if (arguments.size() == 1) {
        if (command == "write-primary-interface-status") {
            TRY(write_primary_interface_status(world));
            return 0;
        }
        if (command == "write-resolv-conf") {
            TRY(write_resolv_conf(world));
            return 0;
        }
        if (command == "generate-hostname") {
            return generate_host_name(world);
        }
        if (command == "node-ip") {
            return print_node_ip(world);
        }
    }
    const bool help = command == "--help";
    std::fputs("usage: netdog COMMAND\n"
               "  write-primary-interface-status  notes address and name servers below /run/netdog\n"
               "  write-resolv-conf               the name servers alone\n"
               "  generate-hostname               prints a name for settings.network.hostname\n"
               "  node-ip                         prints the machine's address\n"
               "  set-hostname NAME               sets the kernel's host name\n",
               help ? stdout : stderr);
    return help ? 0 : 2;
}

} // namespace holdfast::netdog
