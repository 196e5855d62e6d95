#include "settings/types/hosts_entry.hpp"

namespace holdfast::settings {

Result<HostsEntry> Codec<HostsEntry>::read(const Json& json)
{
    if (!json.is_array() || json.size() != 2) {
        return fail(Errc::invalid,
                    "expected a pair of an IP address and a list of host names, such as "
                    "[\"10.0.0.1\", [\"name\"]]");
    }
    TRY_ASSIGN(auto address, Codec<IpAddress>::read(json[0]));
    TRY_ASSIGN(auto names, Codec<std::vector<LinuxHostname>>::read(json[1]));
    return HostsEntry{std::move(address), std::move(names)};
}

Json Codec<HostsEntry>::write(const HostsEntry& entry)
{
    return Json::array({Codec<IpAddress>::write(entry.address),
                        Codec<std::vector<LinuxHostname>>::write(entry.names)});
}

Json Codec<HostsEntry>::schema()
{
    return {{"type", "array"},
            {"prefixItems", Json::array({Codec<IpAddress>::schema(),
                                         Codec<std::vector<LinuxHostname>>::schema()})},
            {"minItems", 2},
            {"maxItems", 2}};
}

} // namespace holdfast::settings
