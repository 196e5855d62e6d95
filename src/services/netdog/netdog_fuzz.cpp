#include "services/netdog/facts.hpp"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace holdfast::netdog;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(default_interface(text, text));
    const auto leases = parse_network_state(text);
    const auto settings = parse_dns_settings(text);
    // One line per server, and one for the search list, whatever the network said.
    const auto file = resolv_conf(settings.has_value() ? *settings : Resolving{}, leases);
    if (std::count(file.begin(), file.end(), '\n') > 4) {
        __builtin_trap();
    }
    if (!is_host_name(host_name_for("10.0.0.1", std::string(text)))) {
        __builtin_trap();
    }
    return 0;
}
