#include "update/agent/identity.hpp"

#include "base/os_release.hpp"

namespace holdfast::update {

Result<ImageIdentity> parse_identity(std::string_view os_release)
{
    const auto release = OsRelease::parse(os_release);
    ImageIdentity identity{.arch = std::string(running_architecture())};
    TRY_ASSIGN(identity.variant, release.value("VARIANT_ID"));
    TRY_ASSIGN(identity.version, release.value("VERSION_ID"));
    return identity;
}

Result<ImageIdentity> read_identity(io::Files& files)
{
    TRY_ASSIGN(const auto text, files.read("/etc/os-release", 64U << 10));
    return parse_identity(text);
}

} // namespace holdfast::update
