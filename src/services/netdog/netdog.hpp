#pragma once

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/addresses.hpp"
#include "io/random.hpp"

#include <string>
#include <vector>

namespace holdfast::netdog {

/// What netdog works with, borrowed for the call.
struct World {
    io::Files& files;
    io::Clock& clock;
    io::Random& random;
    io::Addresses& addresses;
};

/// Looks which interface and address are the machine's, and writes them to /run/netdog together with
/// resolv.conf. While there is no default route it only writes resolv.conf. Called whenever networkd
/// has news, so it says the same again without harm.
Result<void> write_primary_interface_status(World& world);

/// resolv.conf from the leases and settings.dns.
Result<void> write_resolv_conf(World& world);

/// The address, waiting some seconds for the network. Errors: `timeout`.
Result<std::string> wait_for_address(World& world);

/// The commands: see `netdog --help`. Exit status 2 of a generator means "no value now".
Result<int> run(const std::vector<std::string>& arguments, World world);

} // namespace holdfast::netdog
