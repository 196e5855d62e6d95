#include "io/posix/posix_addresses.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>

namespace holdfast::io {

namespace {

constexpr std::uint32_t link_local_net = 0xa9fe0000; // 169.254.0.0/16, RFC 3927
constexpr std::uint32_t link_local_mask = 0xffff0000;

InterfaceAddress describe(const ifaddrs& entry)
{
    InterfaceAddress found{.interface = entry.ifa_name, .address = {}};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (entry.ifa_addr->sa_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, entry.ifa_addr, sizeof address);
        inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
        found.is_local_only =
            (ntohl(address.sin_addr.s_addr) & link_local_mask) == link_local_net;
    } else {
        sockaddr_in6 address{};
        std::memcpy(&address, entry.ifa_addr, sizeof address);
        inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
        found.is_ipv6 = true;
        found.is_local_only = IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr) != 0;
    }
    found.is_local_only = found.is_local_only || (entry.ifa_flags & IFF_LOOPBACK) != 0;
    found.address = text.data();
    return found;
}

} // namespace

Result<std::vector<InterfaceAddress>> PosixAddresses::all()
{
    ifaddrs* raw = nullptr;
    if (getifaddrs(&raw) != 0) {
        return fail_errno("listing network addresses", errno);
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(raw, freeifaddrs);
    std::vector<InterfaceAddress> found;
    for (const auto* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr != nullptr && (entry->ifa_addr->sa_family == AF_INET ||
                                           entry->ifa_addr->sa_family == AF_INET6)) {
            found.push_back(describe(*entry));
        }
    }
    return found;
}

Result<std::string> PosixAddresses::name_of(const std::string& address)
{
    // The resolver's own limits are two rounds of five seconds for each server, too long for a boot.
    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_in);
    in_addr four{};
    in6_addr six{};
    if (inet_pton(AF_INET, address.c_str(), &four) == 1) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr = four;
        std::memcpy(&storage, &name, sizeof name);
    } else if (inet_pton(AF_INET6, address.c_str(), &six) == 1) {
        sockaddr_in6 name{};
        name.sin6_family = AF_INET6;
        name.sin6_addr = six;
        std::memcpy(&storage, &name, sizeof name);
        size = sizeof(sockaddr_in6);
    } else {
        return fail(Errc::invalid, "\"{}\" is no IP address", address);
    }
    std::array<char, NI_MAXHOST> host{};
    const int problem = getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host.data(),
                                    host.size(), nullptr, 0, NI_NAMEREQD);
    if (problem == EAI_AGAIN) {
        return fail(Errc::timeout, "no name server answered for {}", address);
    }
    if (problem != 0) {
        return fail(Errc::not_found, "{} has no name: {}", address, gai_strerror(problem));
    }
    return std::string(host.data());
}

} // namespace holdfast::io
